import JSON
import Testing

@testable import Messages

/// Pictures, documents and the blocks that only the API makes.
@Suite struct PictureTests {
    private static func content(_ blocks: JSON, _ dialect: BackendDialect = .generic) throws -> JSON? {
        let request = try RequestTranslationTests.request([["role": "user", "content": blocks]])
        return try RequestTranslationTests.body(request, dialect)["messages"]?[0]?["content"]
    }

    private static func image(_ bytes: [UInt8], label: JSON = "image/png") -> JSON {
        ["type": "image", "source": ["type": "base64", "media_type": label, "data": .string(encoded(bytes))]]
    }

    /// RFC 4648, without the padding that no reader here needs.
    static func encoded(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0...group.count { text.append(alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)]) }
        }
        return text
    }

    static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 2, 128, 0, 0, 1, 224]
    static let gif: [UInt8] = Array("GIF89a".utf8) + [0x40, 0x01, 0xC8, 0x00]
    static let lossy: [UInt8] = Array("RIFF....WEBPVP8 ....".utf8) + [0, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0x00]
    static let lossless: [UInt8] = Array("RIFF....WEBPVP8L....".utf8) + [0x2F, 0x3F, 0xC1, 0x3B, 0x00, 0, 0, 0, 0, 0]
    static let extended: [UInt8] = Array("RIFF....WEBPVP8X....".utf8) + [0, 0, 0, 0, 0x3F, 0x01, 0x00, 0xEF, 0x00, 0x00]
    /// Behind a segment of 4,000 bytes, as cameras write.
    static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xE1, 0x0F, 0xA0] + [UInt8](repeating: 0xAA, count: 0x0F9E) + [0xFF, 0xFF, 0xC2, 0, 17, 8, 0x00, 0xF0, 0x01, 0x40, 3]

    @Test(
        arguments: [
            (png, "png 640×480"), (gif, "gif 320×200"), (lossy, "webp 320×240"), (lossless, "webp 320×240"), (extended, "webp 320×240"),
            (jpeg, "jpeg 320×240"), (Array(png.prefix(12)), "png"), (Array(jpeg.prefix(40)), "jpeg"),
        ] as [([UInt8], String)])
    func whatIsNotSeenIsDescribed(bytes: [UInt8], description: String) throws {
        #expect(try Self.content([Self.image(bytes)], .native) == .string("[image omitted: \(description)]"))
    }

    @Test func whatIsNoPictureIsNotSentAsOne() throws {
        #expect(try Self.content([Self.image([1, 2, 3], label: "image/png")]) == "[image omitted: image/png]")
        for cut in 0..<Self.jpeg.count where cut % 97 == 0 { _ = ImageHeader(Array(Self.jpeg.prefix(cut))) }
    }

    @Test func theFirstBytesDecideOnTheType() throws {
        for (bytes, type) in [(Self.png, "png"), (Self.jpeg, "jpeg"), (Self.gif, "gif"), (Self.lossy, "webp")] {
            let url = try Self.content([Self.image(bytes, label: "image/tiff")])?[0]?["image_url"]?["url"]?.stringValue
            #expect(url == "data:image/\(type);base64,\(Self.encoded(bytes))")
        }
    }

    @Test func serversDifferInWhatTheyCanRead() throws {
        let address: JSON = ["type": "image", "source": ["type": "url", "url": "https://a.example/b.png"]]
        #expect(try Self.content([address], .vllm)?[0]?["image_url"]?["url"] == "https://a.example/b.png")
        #expect(try Self.content([address], .lmstudio) == "[image omitted: https://a.example/b.png]")
        #expect(try Self.content([Self.image(Self.lossy)], .lmstudio) == "[image omitted: webp 320×240]")
        #expect(try Self.content([Self.image(Self.lossy)], .llamaServer) == "[image omitted: webp 320×240]")
        #expect(try Self.content([Self.image(Self.png)], .lmstudio)?[0]?["type"] == "image_url")
        let data: JSON = ["type": "image", "source": ["type": "url", "url": .string("data:image/jpeg;base64," + Self.encoded(Self.png))]]
        #expect(try Self.content([data], .lmstudio)?[0]?["image_url"]?["url"]?.stringValue?.hasPrefix("data:image/png;base64,") == true)
        #expect(try Self.content([["type": "image", "source": ["type": "file", "file_id": "f"]]]) == "[image omitted: source file]")
    }

    /// The server fetches what it is handed: no file and nothing but the web.
    @Test(arguments: ["file:///etc/passwd", "ftp://a/b", "/etc/passwd", "data:image/png,xyz", ""]) func onlyTheWebIsFetched(url: String) {
        let error = #expect(throws: AnthropicError.self) { try Self.content([["type": "image", "source": ["type": "url", "url": .string(url)]]]) }
        #expect(error?.message.hasPrefix("messages.0.content.0.image.source.url.url:") == true)
    }

    @Test func documentsAreTheirText() throws {
        let text: JSON = [
            "type": "document", "title": "T", "context": "C", "source": ["type": "text", "data": "body"], "citations": ["enabled": true],
        ]
        let blocks: JSON = [
            "type": "document",
            "source": ["type": "content", "content": [["type": "text", "text": "a"], Self.image(Self.png)]],
        ]
        let encoded: JSON = ["type": "document", "source": ["type": "base64", "media_type": "text/plain", "data": "aGVsbG8="]]
        #expect(try Self.content([text, encoded]) == "Document: T - C\n\nbody\n\nhello")
        #expect(try Self.content([blocks])?[1]?["type"] == "image_url")
        #expect(try Self.content([["type": "document", "source": ["type": "content", "content": "plain"]]]) == "plain")
    }

    @Test(
        arguments: [
            (["type": "base64", "media_type": "application/pdf", "data": "JVBERi0"], "type application/pdf"),
            (["type": "url", "url": "https://a/b.pdf"], "source url"), (["type": "file", "file_id": "f"], "source file"), (nil, "source unknown"),
        ] as [(JSON, String)])
    func whatNobodyCanReadIsRefusedByPlace(source: JSON, kind: String) throws {
        let error = #expect(throws: AnthropicError.self) {
            try Self.content([["type": "text", "text": "x"], ["type": "document", "source": source]])
        }
        #expect(error?.message == "messages.0.content.1: documents of \(kind) cannot be read by this backend; send their text")
    }

    @Test func aServerThatReadsFilesGetsThem() throws {
        let pdf: JSON = ["type": "document", "title": "T.pdf", "source": ["type": "base64", "media_type": "application/pdf", "data": "JVBERi0"]]
        let content = try Self.content([pdf], .openrouter)
        #expect(content?[1] == ["type": "file", "file": ["filename": "T.pdf", "file_data": "data:application/pdf;base64,JVBERi0"]])
    }

    @Test func whatTheAPIFoundIsTold() throws {
        let search: JSON = ["type": "search_result", "title": "T", "source": "https://a", "content": [["type": "text", "text": "found"]]]
        #expect(try Self.content([search]) == "T\nhttps://a\nfound")
        let web: JSON = [
            "type": "web_search_tool_result", "tool_use_id": "s",
            "content": [["type": "web_search_result", "title": "A", "url": "https://a", "encrypted_content": "zzz"]],
        ]
        let fetched: JSON = [
            "type": "web_fetch_tool_result", "tool_use_id": "s",
            "content": [
                "type": "web_fetch_result", "url": "https://b",
                "content": ["type": "document", "title": "B", "source": ["type": "text", "media_type": "text/plain", "data": "page"]],
            ],
        ]
        let failed: JSON = ["type": "web_fetch_tool_result", "content": ["type": "web_fetch_tool_result_error", "error_code": "unavailable"]]
        let ran: JSON = ["type": "bash_code_execution_tool_result", "content": ["type": "bash_code_execution_result", "stdout": "1", "stderr": ""]]
        let summary: JSON = ["type": "compaction", "content": "what was", "encrypted_content": "zzz"]
        let called: JSON = ["type": "server_tool_use", "id": "s", "name": "web_search", "input": ["query": "q"]]
        let request = try RequestTranslationTests.request([
            ["role": "user", "content": "go"],
            [
                "role": "assistant",
                "content": [summary, called, web, fetched, failed, ran, ["type": "fallback", "to": ["model": "m"]], ["type": "later"]],
            ],
            ["role": "user", "content": "on"],
        ])
        let said = try RequestTranslationTests.body(request)["messages"]?[1]?["content"]
        #expect(said == "what was\n\nA\nhttps://a\n\nhttps://b\nB\npage\n\nunavailable\n\n1")
    }
}
