import HTTPTypes
import Messages
import Testing

@testable import InferenceRuntime

struct GenerationStartTests {
    private func header(_ event: GenerationEvent) async throws -> String? {
        let start = try await GenerationStart(
            of: AsyncThrowingStream { output in
                output.yield(event)
                output.finish()
            })
        let name = try #require(HTTPField.Name(Native.cacheHeader))
        return start.headers[name]
    }

    @Test func theHeaderSaysHowMuchOfThePromptWasFoundAndWhatReadingItTook() async throws {
        let read = GenerationEvent.started(promptTokens: 700, cachedTokens: 699, source: .disk, restoreSeconds: 0.0126)
        #expect(try await header(read) == "hit=699; prompt=700; restored_ms=13; source=disk")
        let computed = GenerationEvent.started(promptTokens: 12, cachedTokens: 0, source: .none, restoreSeconds: 0)
        #expect(try await header(computed) == "hit=0; prompt=12; restored_ms=0; source=none")
    }
}
