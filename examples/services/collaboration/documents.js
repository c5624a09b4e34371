"use strict";
// Documents live in the team's own SQLite file, which both slots share; without one in memory.
const { isBuiltin } = require("node:module");

function inMemory() {
  const documents = new Map();
  return {
    read: (id) => documents.get(id),
    write(id, text) {
      const document = { id, text, revision: (documents.get(id)?.revision ?? 0) + 1 };
      documents.set(id, document);
      return document;
    },
  };
}

function openDocuments(file) {
  if (!file || !isBuiltin("node:sqlite")) {
    console.log("documents are kept in memory: there is no DATABASE_FILE, or this Node has no SQLite");
    return inMemory();
  }
  const { DatabaseSync } = require("node:sqlite");
  const database = new DatabaseSync(file);
  // Two versions write to the file during a release: one waits for the other instead of failing.
  database.exec("PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  database.exec(
    "CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, text TEXT NOT NULL, revision INTEGER NOT NULL)",
  );
  const read = database.prepare("SELECT id, text, revision FROM documents WHERE id = ?");
  const write = database.prepare(
    `INSERT INTO documents (id, text, revision) VALUES (?, ?, 1)
     ON CONFLICT (id) DO UPDATE SET text = excluded.text, revision = revision + 1 RETURNING id, text, revision`,
  );
  return { read: (id) => read.get(id), write: (id, text) => write.get(id, text) };
}

module.exports = { openDocuments };
