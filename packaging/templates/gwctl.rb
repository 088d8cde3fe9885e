# Made by packaging/make for @VERSION@.
class Gwctl < Formula
  desc "Migrate Kubernetes Ingress to the Gateway API and prove that nothing was lost"
  homepage "https://github.com/@REPOSITORY@"
  version "@VERSION@"
  license "Apache-2.0"

  depends_on :linux # serve uses epoll

  on_intel do
    url "@URL@/gwctl-@VERSION@-linux-amd64.tar.gz"
    sha256 "@SHA256_LINUX_AMD64@"
  end

  on_arm do
    url "@URL@/gwctl-@VERSION@-linux-arm64.tar.gz"
    sha256 "@SHA256_LINUX_ARM64@"
  end

  def install
    bin.install "bin/gwctl", "bin/kubectl-gw_migrate"
    man1.install Dir["share/man/man1/*"]
    man7.install Dir["share/man/man7/*"]
    bash_completion.install "share/bash-completion/completions/gwctl"
    zsh_completion.install "share/zsh/vendor-completions/_gwctl"
    fish_completion.install "share/fish/vendor_completions.d/gwctl.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/gwctl version")
  end
end
