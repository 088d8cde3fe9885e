// Starts `gwctl lsp` and leaves everything else to the language client.
const { workspace } = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

exports.activate = async () => {
  const settings = workspace.getConfiguration('gwctl');
  client = new LanguageClient(
    'gwctl',
    'gwctl',
    { command: settings.get('path'), args: ['lsp'] },
    {
      documentSelector: [{ scheme: 'file', language: 'yaml' }],
      initializationOptions: {
        to: settings.get('to'),
        channel: settings.get('channel'),
        apiVersion: settings.get('apiVersion'),
      },
      synchronize: { fileEvents: workspace.createFileSystemWatcher('**/*.{yaml,yml,json}') },
    },
  );
  await client.start();
};

exports.deactivate = () => client && client.stop();
