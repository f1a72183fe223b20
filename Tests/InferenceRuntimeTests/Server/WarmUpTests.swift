import Logging
import Testing

@testable import InferenceRuntime

struct WarmUpTests {
    let folder: String
    let engine = ScriptedEngine(contextWindow: 400)

    init() throws { folder = try TemporaryDirectory.make() }

    func warm(_ files: [(name: String, text: String)]) async throws -> [GenerationRequest] {
        for file in files { try TemporaryDirectory.write(Array(file.text.utf8), to: "\(folder)/\(file.name)") }
        let model = try TestModel.make(engine)
        await WarmUp(model: model, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).run(files.map { "\(folder)/\($0.name)" })
        return engine.requests
    }

    @Test func aTextIsASystemMessageAndIsPinned() async throws {
        let requests = try await warm([("house.txt", "You are kind.")])
        #expect(requests.count == 1)
        let request = try #require(requests.first)
        #expect(request.prompt == TestModel.bytes("<|system|>You are kind.<|user|>"))
        #expect(request.maxTokens == 0 && request.isPinned)
    }

    @Test func aPrefixHasMessagesAndTools() async throws {
        let requests = try await warm([("main.json", #"{"messages": [{"role": "system", "content": "S"}], "model": "other"}"#)])
        #expect(requests.map(\.prompt) == [TestModel.bytes("<|system|>S<|user|>")])
    }

    @Test func oneThatCannotBeUsedDoesNotStopTheOthers() async throws {
        let files = [("a.json", "{"), ("b.json", "{}"), ("c.json", #"{"messages": 3}"#), ("d.txt", "D")]
        #expect(try await warm(files).map(\.prompt) == [TestModel.bytes("<|system|>D<|user|>")])
        #expect(throws: RuntimeError.self) { try WarmUp.prefix("\(folder)/missing.json") }
        #expect(throws: RuntimeError.self) { try WarmUp.prefix("\(folder)/b.json") }
    }
}
