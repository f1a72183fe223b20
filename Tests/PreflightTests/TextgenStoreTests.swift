import Glibc
import Host
import HostFixtures
import JSON
import LaunchPlan
import Testing

@testable import Preflight

/// Homes of MLX-Textgen as kills leave them.
@Suite struct TextgenStoreTests {
    private static let prompts = "home/.cache/mlx_textgen/prompt_cache/demo"
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("model/config.json", "{}")
        try folder.write("model/model.safetensors", "weights")
        _ = try store.mend()
        try index(["cache_0": 3, "cache_1": 5])
        for number in 0...1 { try write("cache_\(number).safetensors", Self.whole) }
    }

    private var store: TextgenStore { TextgenStore(home: "\(folder.path)/home", model: "\(folder.path)/model") }
    private func path(_ name: String) -> String { "\(folder.path)/\(Self.prompts)/\(name)" }
    private func write(_ name: String, _ bytes: [UInt8]) throws {
        try folder.make(Self.prompts)
        try AtomicFile.write(bytes, to: path(name), durable: false)
    }
    private func index(_ entries: KeyValuePairs<String, Int>) throws {
        let members = entries.map { key, count in
            JSONObject.Member(
                key: key, value: ["token_ids": .array((0..<count).map { .integer($0) }), "last_modified": .double(1_732_000_000.25)])
        }
        try write("cached_prompts.json", JSON.object(JSONObject(members)).bytes)
    }
    private var names: [String] { Folder.names(in: "\(folder.path)/\(Self.prompts)") }

    /// One tensor of two bytes.
    private static let whole: [UInt8] = {
        let header = Array(#"{"__metadata__":{"model_name":"demo"},"0.0":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}"#.utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header + [1, 2]
    }()

    /// What is said of the only damage, and that the second look finds none.
    private func mended() throws -> String {
        let seen = store.damage
        let done = try store.mend()
        #expect(seen == done, "what is shown is what is done")
        #expect(store.damage.isEmpty)
        return try #require(done.count == 1 ? done.first?.text : nil, "\(done)")
    }

    @Test func whatIsWholeStays() throws {
        #expect(try store.mend().isEmpty)
        #expect(names == ["cache_0.safetensors", "cache_1.safetensors", "cached_prompts.json"])
    }

    @Test(arguments: [0, 4, 60, whole.count - 1])
    func aHalfWrittenPromptIsLost(bytes: Int) throws {
        try write("cache_1.safetensors", Array(Self.whole.prefix(bytes)))
        let text = try mended()
        #expect(text.hasPrefix(path("cache_1.safetensors")) && text.hasSuffix("; lost: a prompt of 5 tokens"), "\(text)")
        #expect(names == ["cache_0.safetensors", "cached_prompts.json"])
        let left = try JSON(parsing: try #require(try AtomicFile.read(path("cached_prompts.json"))))
        #expect(left == ["cache_0": ["token_ids": [0, 1, 2], "last_modified": 1_732_000_000.25]])
    }

    @Test func aPromptWithoutItsFileIsLost() throws {
        unlink(path("cache_0.safetensors"))
        #expect(try mended().hasSuffix("; lost: a prompt of 3 tokens"))
        #expect(names == ["cache_1.safetensors", "cached_prompts.json"])
    }

    @Test(arguments: ["", #"{"cache_0": {"token_ids": [1, 2"#, "[]"])
    func aHalfWrittenIndexLosesAll(text: String) throws {
        try write("cached_prompts.json", Array(text.utf8))
        #expect(try mended() == "\(path("cached_prompts.json")) is not whole; lost: 2 prompts")
        #expect(names == [])
    }

    /// The server's own check of one entry that is not right makes all of them unusable.
    @Test(arguments: [
        ("cache_1", #"{"token_ids": [1], "last_modified": null}"#), ("cache_1", #"{"token_ids": [1.5], "last_modified": 1}"#), ("cache_1", "null"),
        ("cache_x", #"{"token_ids": [1], "last_modified": 1}"#), ("../../../../../model/model", #"{"token_ids": [1], "last_modified": 1}"#),
    ])
    func anEntryThatIsNotRightGoes(key: String, entry: String) throws {
        unlink(path("cache_1.safetensors"))
        let good = #""cache_0": {"token_ids": [1, 2], "last_modified": 1}"#
        try write("cached_prompts.json", Array(#"{\#(good), "\#(key)": \#(entry)}"#.utf8))
        #expect(try mended().contains("; lost: a prompt"))
        #expect(names == ["cache_0.safetensors", "cached_prompts.json"])
        #expect(access("\(folder.path)/model/model.safetensors", F_OK) == 0)
    }

    @Test func filesThatNothingNamesGo() throws {
        try write("cache_7.safetensors", Self.whole)
        #expect(try mended().hasSuffix("does not name cache_7.safetensors; lost: one prompt"))
        #expect(names.count == 3)
    }

    @Test func anotherModelInTheSameFolderUsesNothing() throws {
        try folder.write("model/model.safetensors", "other weights")
        #expect(try mended().contains("the files of the model \(folder.path)/model have changed"))
        #expect(Folder.names(in: "\(folder.path)/home/.cache/mlx_textgen/prompt_cache") == [])
        #expect(TextgenStore(home: "\(folder.path)/home", model: nil).damage.isEmpty, "a model that is not here is not compared")
    }

    @Test(arguments: ["", "{}", #"{"cache_dir": "/where/the/stack/was"}"#])
    func settingsThatLeadElsewhereGo(text: String) throws {
        try folder.write("home/.config/mlx_textgen/venv/config.json", text)
        #expect(try mended().contains("/home/.config/mlx_textgen/venv/config.json "))
        #expect(access("\(folder.path)/home/.config/mlx_textgen/venv/config.json", F_OK) != 0)
        try folder.write("home/.config/mlx_textgen/venv/config.json", #"{"cache_dir": "\#(folder.path)/home/.cache/mlx_textgen"}"#)
        #expect(store.damage.isEmpty)
    }

    @Test func aLookBeforeAnApplyWarns() throws {
        unlink(path("cache_0.safetensors"))
        var service = Fixture.service("w")
        service.store = KeptStore(kind: .mlxTextgen, path: .rooted(.state, "home"), model: .rooted(.state, "model"))
        let plan = LaunchPlan(
            instance: "default", services: [service],
            preflight: [PreflightCheck(service: "w", requirement: .mlxTextgen(program: "mlx_textgen", model: nil), key: "k")], probationMs: 0)
        func findings(_ running: Set<Int32>) throws -> [PreflightFinding] {
            Preflight(
                bindings: [.config: folder.path, .state: folder.path], secrets: try SecretStore(runtime: folder.path, state: folder.path),
                members: { _ in running }, leaving: []
            ).report(plan).results[0].findings
        }
        #expect(try findings([]).map(\.severity) == [.warning])
        #expect(try findings([1]).isEmpty, "a server that runs writes")
        #expect(names.count == 2, "a look touches nothing")
    }
}
