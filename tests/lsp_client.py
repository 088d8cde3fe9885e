"""A small client of the Language Server Protocol, for the tests and the bench."""
import json
import pathlib
import subprocess


class Client:
    def __init__(self, program, root, options=None):
        self.root = pathlib.Path(root).resolve()
        self.server = subprocess.Popen([program, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self.number, self.told, self.messages = 0, {}, []
        self.capabilities = self.ask("initialize", {"processId": None, "rootUri": self.uri(""), "capabilities": {},
                                                    "initializationOptions": options or {}})["capabilities"]
        self.tell("initialized", {})

    def uri(self, name):
        return (self.root / name).as_uri() if name else self.root.as_uri()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def raw(self, data):
        self.server.stdin.write(data)
        self.server.stdin.flush()

    def read(self):
        length = None
        while (line := self.server.stdout.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if length is None:
            raise EOFError("the server ended")
        message = json.loads(self.server.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.told[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message:
            self.messages.append(message)
        return message

    def answer(self, number):
        while (message := self.read()).get("id") != number or "method" in message:
            pass
        return message

    def ask(self, method, params):
        """The result; an error is raised."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        message = self.answer(self.number)
        if "error" in message:
            raise RuntimeError(message["error"])
        return message["result"]

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def open(self, name, text):
        self.tell("textDocument/didOpen", {"textDocument": {"uri": self.uri(name), "languageId": "yaml", "version": 1, "text": text}})

    def change(self, name, changes):
        self.tell("textDocument/didChange", {"textDocument": {"uri": self.uri(name), "version": 2}, "contentChanges": changes})

    def at(self, method, name, line, character, **more):
        return self.ask("textDocument/" + method, {"textDocument": {"uri": self.uri(name)},
                                                   "position": {"line": line, "character": character}, **more})

    def settle(self):
        """After this every change so far was looked at: findings come behind the answer to a question."""
        self.ask("textDocument/documentSymbol", {"textDocument": {"uri": self.uri("nothing.yaml")}})
        self.ask("textDocument/documentSymbol", {"textDocument": {"uri": self.uri("nothing.yaml")}})

    def stop(self):
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self.server.wait(10)
