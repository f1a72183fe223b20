import ConfigCompiler
import Diagnostics
import FoundationEssentials
import JSON
import Testing

@Suite struct SyntaxTests {
    private func dump(_ text: String, _ format: SourceFormat = .yaml) -> SyntaxDump.Result {
        SyntaxDump.dump(SourceFile(path: "x", bytes: Array(text.utf8)), format: format)
    }

    private func yaml(_ text: String) throws -> JSON {
        let result = dump(text)
        return try #require(result.values.first, "\(result.diagnostics)")
    }

    @Test func plainScalarsHaveTheCoreSchemasTypes() throws {
        let text = "[~, null, true, False, no, 12, -3, 0o17, 0x1F, 1.5, 1e3, .5, +7, 0755, 1_000, 12:30:45, \"12\", 'true', 99999999999999999999]"
        let expected: JSON = [
            nil, nil, true, false, "no", 12, -3, 15, 31, 1.5, .number(try #require(JSONNumber(1000.0))), 0.5, 7, 755, "1_000", "12:30:45", "12",
            "true",
            .number(try #require(JSONNumber("99999999999999999999"))),
        ]
        #expect(try yaml(text) == expected)
    }

    @Test func anchorsAndMergesAreResolved() throws {
        let text = "base: &b { x: 1, y: 2 }\nown: { <<: *b, y: 3 }\nlist: { <<: [{ z: 1 }, *b] }\nquoted: { \"<<\": 1 }\n"
        #expect(
            try yaml(text) == ["base": ["x": 1, "y": 2], "own": ["x": 1, "y": 3], "list": ["z": 1, "x": 1, "y": 2], "quoted": ["<<": 1]])
    }

    @Test func offsetsAreOfBytesWhateverTheScript() throws {
        let text = "größe: \"日本\"\nschlüssel: [1, 2\n"
        let diagnostic = try #require(dump(text).diagnostics.first)
        let open = try #require(diagnostic.secondary.first?.span)
        #expect(Array(text.utf8)[open.start] == UInt8(ascii: "["))
    }

    @Test func jsonTextMeansTheSameToBothReaders() throws {
        for text in ["{\"a\": [1, 2.5, \"x\", null, true, {}], \"b\": {\"c\": []}}", "[]", "{}", "[[[[]]], -0.5]"] {
            #expect(dump(text, .json).values == dump(text, .yaml).values)
            #expect(dump(text, .either).values == dump(text, .json).values)
        }
        // A pair of surrogates is JSON; libyaml refuses it, so that the order of the readers matters.
        #expect(dump("{\"a\": \"\\uD834\\uDD1E\"}", .either).values == [["a": "𝄞"]])
        #expect(dump("{a: b}", .either).values == [["a": "b"]])
    }

    /// libyaml takes each of these for something else than YAML 1.2 does, without a word.
    @Test(arguments: [
        "{ ?foo: bar }", "[?x]", "[:x]", "k: &an:chor v", "k: [*a:b]", "[ a, b, ]#no", "[ a,#no\n]", "k: \"v\"# no", "k: ># no\n  x\n",
        "k: &a|x v", "[-]", "[a, -]", "%YAML 1.2#no\n---\nb",
    ])
    func whatHasTwoMeaningsIsRefused(text: String) throws {
        let result = dump(text)
        #expect(result.values.isEmpty && result.diagnostics.hasErrors, "\(result.values)")
    }

    @Test func whatOnlyLooksLikeTwoMeaningsIsRead() throws {
        #expect(try yaml("{\"a\":b, 'c' :d}") == ["a": "b", "c": "d"])
        #expect(try yaml("a: &x b # c\nd: [*x, *x]\ne: |  # f\n  g#h\n\"i\": j#k\n") == ["a": "b", "d": ["b", "b"], "e": "g#h\n", "i": "j#k"])
        #expect(try yaml("[-x, --, \"-\"]") == ["-x", "--", "-"])
        #expect(try yaml("%YAML 1.2 # yes\n---\na\n...\n%YAML 1.2\n---\nb\n") == "a")
        #expect(try yaml("- |+\n   ") == ["\n"])
        #expect(try yaml("foo: |\n  x\n   ") == ["foo": "x\n \n"])
    }

    @Test func duplicatesAreFoundAtAnyDepth() {
        #expect(dump("{\"a\": [{\"b\": 1, \"b\": 2}]}", .json).diagnostics.map(\.code) == [.duplicateKey])
        #expect(dump("a: 1\na: 2").diagnostics.map(\.code) == [.duplicateKey])
    }

    /// A mebibyte of anything is answered with a coded finding and without much work.
    @Test(.timeLimit(.minutes(10)), arguments: HostileText.allCases)
    func hostileTextIsAnswered(hostile: HostileText) throws {
        let bytes = hostile.bytes
        #expect(bytes.count <= 1 << 20)
        for name in ["x.yaml", "x.json", "x"] {
            let clock = ContinuousClock.now
            let result = Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: bytes)))
            #expect(result.hasErrors)
            #expect(!TextRenderer(color: false).render(result.diagnostics, result.sources).isEmpty)
            // Generous, since tests run unoptimised beside other work; a quadratic path takes minutes.
            #expect(ContinuousClock.now - clock < .seconds(20), "\(hostile) \(name)")
        }
    }

    enum HostileText: CaseIterable {
        case brackets, braces, quotes, keys, anchors, laughs, nul, dashes, tags, directives, longKey, longLine, colons, aliases, values,
            directivesWithCR, comment, repeatedTexts,
            repeatedSecrets, repeatedKeys, clusterKeys

        /// As long as a text may be.
        private static let long = "\"" + String(repeating: "a ", count: 128 << 10) + "\""
        private static let times = String(repeating: ", *c", count: 27)

        var bytes: [UInt8] {
            /// What `a` anchors, more than twenty thousand times, by few aliases.
            func repeated(_ anchor: String, _ end: String) -> [UInt8] {
                let lines = "b: &b [*a\(Self.times.replacing("c", with: "a"))]\nc: &c [*b\(Self.times.replacing("c", with: "b"))]\n"
                return Array((anchor + lines + end).utf8)
            }
            func fill(_ unit: String, prefix: String = "") -> [UInt8] {
                let head = Array(prefix.utf8)
                let body = Array(unit.utf8)
                return head + Array(repeatElement(body, count: ((1 << 20) - head.count) / body.count).joined())
            }
            switch self {
            case .brackets: return fill("[")
            case .braces: return fill("{\"a\":")
            case .quotes: return fill("\"")
            case .keys: return Array((0..<80_000).map { "k\($0): 1\n" }.joined().utf8)
            case .anchors: return Array((0..<60_000).map { "- &a\($0) x\n" }.joined().utf8)
            case .laughs:
                let lines = "bcdefghij".enumerated().map { index, name in
                    "\(name): &\(name) [" + Array(repeating: "*\(Array("abcdefghij")[index])", count: 10).joined(separator: ",") + "]\n"
                }
                return Array(("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + lines.joined()).utf8)
            case .nul: return [UInt8](repeating: 0, count: 1 << 20)
            case .dashes: return fill("- ")
            case .tags: return fill("!a ")
            case .directives: return Array((0..<60_000).map { "%TAG !a\($0)! x\n" }.joined().utf8.prefix(1 << 20))
            case .longKey: return fill("k", prefix: "backend: claude\n")
            case .longLine: return fill("a b ", prefix: "backend: @")
            case .colons: return fill("a: ")
            case .aliases: return fill("- *a\n", prefix: "- &a x\n")
            case .values: return fill("- 1\n")
            case .directivesWithCR: return Array((0..<60_000).map { "%TAG !a\($0)! x\r" }.joined().utf8.prefix(1 << 20))
            case .comment: return fill("token=x ", prefix: "x: 1\n# ")
            case .repeatedTexts:
                return repeated("a: &a [\(Array(repeating: Self.long, count: 3).joined(separator: ", "))]\n", "d: [*c\(Self.times)]\n")
            case .repeatedSecrets: return repeated("a: &a [\(Self.long)]\n", "token: [*c\(Self.times)]\n")
            case .repeatedKeys:
                let keys = (0..<20).map { "\"e\u{301}" + String(repeating: "\u{E9}", count: 300) + "\($0)\": 1" }
                return repeated("a: &a {\(keys.joined(separator: ", "))}\n", "d: [*c\(Self.times)]\n")
            case .clusterKeys:
                let nodes = (0..<1001).map { "{id: n\($0), url: 'http://a'}" }.joined(separator: ", ")
                let head = "backends:\n  mlx-cluster:\n    discovery: {nodes: [\(nodes)]}\n"
                return Array((head + (0..<80_000).map { "    k\($0):\n" }.joined()).utf8.prefix(1 << 20))
            }
        }
    }

    @Test(.enabled(if: Fixtures.shared != nil, "ANYCLAUDE_SHARED is not set: the public suites are not there"))
    func theYAMLSuitePassesAsFarAsItsParserDoes() throws {
        let root = URL(fileURLWithPath: try #require(Fixtures.shared)).appendingPathComponent("data/yaml-test-suite")
        let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix("/in.yaml") }
        #expect(files.count > 400)
        var passed = 0
        var failed: [String] = []
        for file in files {
            let url = root.appendingPathComponent(file)
            let folder = url.deletingLastPathComponent()
            let result = SyntaxDump.dump(SourceFile(path: "in.yaml", bytes: [UInt8](try Data(contentsOf: url))), format: .yaml)
            let isBad = FileManager.default.fileExists(atPath: folder.appendingPathComponent("error").path)
            let json = try? String(contentsOf: folder.appendingPathComponent("in.json"), encoding: .utf8)
            let isRight = isBad ? result.diagnostics.hasErrors : json.map { Self.equal($0, result.values) } ?? true
            if isRight { passed += 1 } else { failed.append(folder.path) }
        }
        #expect(passed >= 355, "\(failed)")
    }

    /// The documents of a suite's JSON file, one after another without a separator.
    private static func equal(_ text: String, _ values: [JSON]) -> Bool {
        let bytes = Array(text.utf8)
        // No separator stands between the values: a list of them is found by its text.
        let joined = values.map { normal($0) }
        for end in [text, "[\(text)]"] {
            guard let parsed = try? JSON(parsing: end) else { continue }
            if values.count == 1, normal(parsed) == joined[0] { return true }
        }
        return documents(bytes).map(normal) == joined
    }

    private static func documents(_ bytes: [UInt8]) -> [JSON] {
        var result: [JSON] = []
        var start = 0
        while start < bytes.count {
            var end = start
            var found = false
            while end < bytes.count, !found {
                end = bytes[end...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
                if let value = try? JSON(parsing: Array(bytes[start..<end])) {
                    result.append(value)
                    start = end
                    found = true
                }
            }
            if !found { break }
        }
        return result
    }

    /// Numbers by value, as the suite compares them.
    private static func normal(_ value: JSON) -> JSON {
        switch value {
        case .number(let number): .double(number.double)
        case .array(let elements): .array(elements.map(normal))
        case .object(let object): .object(JSONObject(object.members.map { .init(key: $0.key, value: normal($0.value)) }))
        default: value
        }
    }
}
