#!/usr/bin/env python3
"""The language server with real clients: Neovim without a screen, as docs/editors.md sets it up, on the sample.
Usage: lsp_clients_test.py GWCTL. Skipped (77) without Neovim."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SCRIPT = """
local out = {}
local function run()
if vim.lsp.start then
SETUP
end
vim.cmd('edit shop.yaml')
vim.bo.filetype = 'yaml'
if not vim.lsp.start then -- Neovim before 0.8, as Debian 12 has it
  local id = vim.lsp.start_client({ name = 'gwctl', cmd = { 'PROGRAM', 'lsp' }, root_dir = vim.fn.getcwd() })
  vim.lsp.buf_attach_client(0, id)
end
local function wait(what, fine) if not vim.wait(20000, fine, 20) then out.failed = what end end
wait('attached', function() return #vim.lsp.get_active_clients() > 0 and vim.lsp.get_active_clients()[1].initialized end)
wait('findings', function() return #vim.diagnostic.get(0) > 0 end)
out.findings = vim.tbl_map(function(d) return {code = d.code, line = d.lnum} end, vim.diagnostic.get(0))
local function ask(method, line, column)
  local params = {textDocument = vim.lsp.util.make_text_document_params(), position = {line = line, character = column}}
  local all = vim.lsp.buf_request_sync(0, method, params, 20000) or {}
  for _, one in pairs(all) do return one.result end
end
for n, text in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
  local at = text:find('pathTyp', 1, true)
  if at and not out.hover then out.hover = ask('textDocument/hover', n - 1, at + 1) end
end
out.symbols = ask('textDocument/documentSymbol', 0, 0)
end
local fine, why = pcall(run)
if not fine then out.failed = tostring(why) end
local file = io.open('out.json', 'w')
file:write(vim.json.encode(out))
file:close()
vim.cmd('qall!')
"""


def main():
    if not shutil.which("nvim"):
        print("skipped: no Neovim")
        sys.exit(77)
    gwctl = pathlib.Path(sys.argv[1]).resolve()
    setup = re.search(r"```lua\n(.*?)```", pathlib.Path("docs/editors.md").read_text(), re.S)[1]
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        text = pathlib.Path("testdata/sample/shop.yaml").read_text()
        (home / "shop.yaml").write_text(text.replace("pathType: Prefix", "pathType: Prefx", 1))
        (home / ".gwctl.yaml").write_text("to: envoy-gateway\n")
        (home / "run.lua").write_text(SCRIPT.replace("SETUP", setup.replace("'gwctl', 'lsp'", f"'{gwctl}', 'lsp'"))
                                     .replace("PROGRAM", str(gwctl)))
        done = subprocess.run(["nvim", "--headless", "--clean", "-S", "run.lua"], cwd=home, capture_output=True, text=True,
                              timeout=90, env={"HOME": folder, "PATH": "/usr/bin:/bin", "XDG_STATE_HOME": folder})
        if not (home / "out.json").exists():
            sys.exit(f"Neovim wrote nothing: {done.stdout}{done.stderr}")
        out = json.loads((home / "out.json").read_text())
    wrong = text[:text.index("pathType: Prefix")].count("\n")
    if out.get("failed"):
        sys.exit(f"Neovim waited in vain: {out}")
    if not any(one["line"] == wrong for one in out["findings"]):
        sys.exit(f"the misspelt value in line {wrong} is not among {out['findings']}")
    if "pathType" not in json.dumps(out.get("hover")):
        sys.exit(f"no hover: {out.get('hover')}")
    if not any(one["name"].startswith("Ingress ") for one in out["symbols"]):
        sys.exit(f"no symbols: {out['symbols']}")
    print(f"Neovim: {len(out['findings'])} findings, {len(out['symbols'])} symbols, a hover")


main()
