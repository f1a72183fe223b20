import JSON
import Testing

@testable import Messages

@Suite struct OfferedModelTests {
    @Test func theOlderListOfLMStudio() {
        let list: JSON = [
            "data": [
                ["id": "embed", "type": "embeddings", "state": "loaded"], ["id": "cold", "type": "llm", "state": "not-loaded"],
                ["id": "warm", "type": "vlm", "state": "loaded", "max_context_length": 32768], ["no": "id"],
            ]
        ]
        let models = OfferedModel.list(list)
        #expect(models?.map(\.id) == ["embed", "cold", "warm"] && models?.map(\.answers) == [false, false, true])
    }

    @Test func theNewerListOfLMStudio() {
        let list: JSON = [
            "models": [
                ["type": "llm", "key": "a/cold", "loaded_instances": []],
                ["type": "llm", "key": "a/warm", "loaded_instances": [["id": "a/warm:2", "config": ["context_length": 4096]]]],
                ["type": "embedding", "key": "e", "loaded_instances": [["id": "e"]]],
            ]
        ]
        let models = OfferedModel.list(list)
        #expect(models?.map(\.id) == ["a/cold", "a/warm:2", "e"] && models?.map(\.answers) == [false, true, false])
    }

    @Test func theListOfAnyServer() {
        #expect(OfferedModel.list(["object": "list", "data": [["id": "m", "object": "model"]]])?.first?.answers == true)
        for other in [[:], ["error": "Unexpected endpoint"], ["data": "x"], ["models": 3], []] as [JSON] { #expect(OfferedModel.list(other) == nil) }
    }

    @Test func whatIsSaidWhereNoneIsLoaded() {
        let many = (1...10).map { OfferedModel(id: "m\($0)", isLoaded: false) }
        let error = OfferedModel.noneLoaded(many, at: "http://h/v1", "lm")
        #expect(error.kind == .notFound && error.shouldRetry == false)
        #expect(error.message.contains("`backends.lm.model`") && error.message.hasSuffix("m8 and 2 more"))
        #expect(OfferedModel.noneLoaded([], at: "http://h/v1", "lm").message == "the server at http://h/v1 has no model: load one there")
    }
}
