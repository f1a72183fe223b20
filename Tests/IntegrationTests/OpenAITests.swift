import Testing

extension IntegrationTests {
    /// What clients of OpenAI's API meet.
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

        /// The same SDK against the proxy: the answer as it is, calls read out of its text, and the Messages API behind it.
        @Test(.enabled(if: TestEnvironment.python != nil, "no Python with the openai SDK (make test installs it)"))
        func officialSDKAgainstTheProxy() throws {
            let programs = try #require(TestEnvironment.programs)
            let script = "\(TestEnvironment.root)/Tests/IntegrationTests/Python/openai_proxy_client.py"
            let run = try ProgramRun.run(try #require(TestEnvironment.python), [script, "\(programs)/anyclaude-proxy"])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            #expect(run.output.contains("all passed"))
        }
    }
}
