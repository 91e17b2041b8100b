"""The life of a session, and the errors that a client may make."""

import unittest

from client import Client, ServerError, find, uri

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, NOT_INITIALIZED = -32700, -32600, -32601, -32602, -32002
TINY = "network n {\n  input x: f32[N, 4]\n  a: linear(3)\n  output y\n}\n"


class Life(unittest.TestCase):
    def test_initialize(self):
        with Client() as c:
            self.assertEqual(c.capabilities["textDocumentSync"]["change"], 2)
            for provider in ("hover", "definition", "references", "rename", "completion", "documentSymbol"):
                self.assertTrue(c.capabilities[provider + "Provider"], provider)
            self.assertRaises(ServerError, c.request, "initialize", {})

    def test_files_are_watched_where_the_client_can(self):
        with Client(initialize=False) as c:
            c.request("initialize", {"capabilities": {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}})
            c.notify("initialized", {})
            asked = c.receive()
            self.assertEqual(asked["method"], "client/registerCapability")
            self.assertEqual(asked["params"]["registrations"][0]["method"], "workspace/didChangeWatchedFiles")
            c.send({"id": asked["id"], "result": None})
            self.assertEqual(c.end(), 0)

    def test_exit_status(self):
        with Client() as c:
            self.assertEqual(c.end(), 0)
        with Client() as c:
            self.assertEqual(c.end(shutdown=False), 1)
        with Client(initialize=False) as c:
            self.assertEqual(c.end(shutdown=False), 1)

    def test_end_of_input(self):
        with Client() as c:
            c.raw(b"Content-Length: 100\r\n\r\n{")
        self.assertEqual(c.process.returncode, 1)

    def test_nothing_before_initialize_or_after_shutdown(self):
        with Client(initialize=False) as c:
            with self.assertRaises(ServerError) as e:
                c.request("textDocument/hover", {})
            self.assertEqual(e.exception.code, NOT_INITIALIZED)
            name = c.open("/x.rn", "network")
            c.request("initialize", {})
            self.assertEqual(c.sync(name), {})
            c.open("/x.rn", "network")
            self.assertIn(name, c.sync())
            c.request("shutdown", None)
            with self.assertRaises(ServerError) as e:
                c.request("textDocument/hover", {})
            self.assertEqual(e.exception.code, INVALID_REQUEST)

    def test_string_ids(self):
        with Client() as c:
            c.send({"id": "x1", "method": "shutdown"})
            self.assertIsNone(c.answer("x1"))


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.c = Client()
        self.addCleanup(self.c.__exit__)

    def refused(self, code, wanted=None):
        message = self.c.receive()
        self.assertEqual((message["id"], message["error"]["code"]), (wanted, code), message)
        self.assertTrue(message["error"]["message"])

    def still_works(self):
        name = self.c.open("/still.rn", TINY)
        self.assertIn("linear(features, bias = true)", self.c.at("hover", name, find(TINY, "linear"))["contents"]["value"])

    def test_unknown_methods(self):
        self.c.notify("textDocument/noSuch", {})
        self.c.notify("$/cancelRequest", {"id": 7})
        self.c.notify("$/setTrace", {"value": "off"})
        with self.assertRaises(ServerError) as e:
            self.c.request("textDocument/noSuch", {})
        self.assertEqual(e.exception.code, METHOD_NOT_FOUND)
        self.still_works()

    def test_malformed_json(self):
        for content in (b"", b"{", b"nonsense", b'{"id": 1,}', b"\xff\xfe", b'{"method": "\xc3"}'):
            self.c.content(content)
            self.refused(PARSE_ERROR)
        self.c.content(b"[" * 1_000_000)
        self.refused(PARSE_ERROR)
        self.still_works()

    def test_messages_that_are_none(self):
        for content in (b"1", b"null", b"[]", b"{}", b'{"id": {}}', b'{"method": 5}'):
            self.c.content(content)
            self.refused(INVALID_REQUEST)
        self.c.content(b'{"id": 3, "params": []}')
        self.refused(INVALID_REQUEST, 3)
        self.c.content(b'{"id": 3, "result": null}')  # an answer, to nothing
        self.c.content(b'{"id": 4, "method": "textDocument/hover", "params": [1]}')
        self.refused(INVALID_PARAMS, 4)
        self.still_works()

    def test_headers(self):
        self.c.raw(b"Content-Type: x\r\n\r\n")
        self.c.raw(b"what: ever\r\n" + b"y" * 100_000 + b"\r\nContent-Length: nonsense\r\n\r\n")
        self.c.raw(b'content-length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{}')
        self.refused(INVALID_REQUEST)
        self.still_works()

    def test_content_that_is_too_large(self):
        size = (64 << 20) + 1
        self.c.raw(b"Content-Length: %d\r\n\r\n" % size)
        self.refused(INVALID_REQUEST)
        for _ in range(64):
            self.c.raw(b"x" * (1 << 20))
        self.c.raw(b"x")
        self.still_works()

    def test_documents_that_are_not_open(self):
        self.c.change(uri("/none.rn"), "x")
        self.c.close(uri("/none.rn"))
        for method in ("hover", "definition", "references", "completion", "rename", "prepareRename"):
            with self.assertRaises(ServerError) as e:
                self.c.at(method, uri("/none.rn"), (0, 0), newName="x")
            self.assertEqual(e.exception.code, INVALID_PARAMS, method)
        self.still_works()

    def test_parameters_of_the_wrong_kind(self):
        name = self.c.open("/x.rn", TINY)
        for params in ({}, {"textDocument": 1}, {"textDocument": {"uri": 1}}, {"textDocument": {"uri": name}},
                       {"textDocument": {"uri": name}, "position": {"line": "1", "character": None}}):
            with self.assertRaises(ServerError) as e:
                self.c.request("textDocument/hover", params)
            self.assertEqual(e.exception.code, INVALID_PARAMS)
        for method in ("didOpen", "didChange", "didClose"):
            self.c.notify("textDocument/" + method, {"textDocument": [], "contentChanges": {}})
        self.c.notify("textDocument/didChange", {"textDocument": {"uri": name}, "contentChanges": [1, {}, {"text": 1}, {"range": 1, "text": ""}]})
        self.assertEqual(self.c.sync(), {})

    def test_wild_ranges(self):
        name = self.c.open("/x.rn", TINY)
        wild = [-(2**63), -1, 0, 1, 7, 2**31, 2**63 - 1]
        for a in wild:
            for b in wild:
                self.c.change(name, ((a, b), (b, a), "relu é 😀\r\n"))
                self.c.at("hover", name, (a, b))
                self.c.at("completion", name, (b, a))
        self.c.change(name, TINY)
        self.assertEqual(self.c.sync(), {})

    def test_edits_count_utf16_units(self):
        name = self.c.open("/x.rn", "# 😀é\r\n" + TINY)
        self.c.change(name, ((0, 4), (0, 5), "e"), ((0, 2), (0, 4), ":"))
        self.c.change(name, ((1, 0), (1, 7), "netwrk"))
        message = self.c.sync()[name][0]
        self.assertEqual(message["message"], "expected 'use', 'block' or 'network', not 'netwrk'")
        self.assertEqual(message["range"]["start"], {"line": 1, "character": 0})

    def test_texts_that_are_no_text(self):
        name = self.c.open("/x.rn", "network\0")
        self.assertEqual(self.c.sync()[name][0]["message"], "cannot read '/x.rn': it is not text: byte 8 is zero")
        self.c.change(name, "#" * ((1 << 20) + 1))
        self.assertIn("more than 1048576 bytes", self.c.sync()[name][0]["message"])
        self.c.change(name, "\ufeff" + TINY)
        self.assertEqual(self.c.sync(), {})

    def test_buffers_without_a_file(self):
        name = self.c.open("untitled:Untitled-1", "network")
        self.assertIn(name, self.c.sync())
        self.c.change(name, 'use "blocks/basic.rn"\n' + TINY.replace("a: linear(3)", "relu"))
        self.assertEqual(self.c.sync(), {})


if __name__ == "__main__":
    unittest.main()
