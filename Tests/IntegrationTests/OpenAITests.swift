import Testing

extension IntegrationTests {
    /// The native worker as clients of OpenAI's API meet it.
    @Suite struct OpenAITests {
        @Test(.enabled(if: TestEnvironment.python != nil, "no Python with the openai SDK (make test installs it)"))
        func officialSDK() throws {
            let programs = try #require(TestEnvironment.programs)
            let script = "\(TestEnvironment.root)/Tests/IntegrationTests/Python/openai_client.py"
            let run = try ProgramRun.run(
                try #require(TestEnvironment.python), [script, "\(programs)/anyclaude-runtime", TestEnvironment.demoModel])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            #expect(run.output.contains("all passed"))
        }
    }
}
