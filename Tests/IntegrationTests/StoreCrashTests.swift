import Testing

extension IntegrationTests {
    /// The KV store under kills, damage, a full disk and a second worker (scripts/kv_crash.py; `make crash` has many more of them).
    @Suite struct StoreCrashTests {
        @Test(.enabled(if: TestEnvironment.hasPrograms, "\(TestEnvironment.needsPrograms)"))
        func noWrongTokenAndNoRefusalToStart() throws {
            let programs = try #require(TestEnvironment.programs)
            let run = try ProgramRun.run(
                "python3",
                ["\(TestEnvironment.root)/scripts/kv_crash.py", programs, TestEnvironment.demoModel, "--kills", "10", "--damages", "12"])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            #expect(run.output.contains("10 kills: every worker started") && run.output.contains("two workers on one store"))
        }
    }
}
