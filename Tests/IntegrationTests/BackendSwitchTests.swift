import Testing

extension IntegrationTests {
    /// `scripts/flips.py`, small: the active backend changes under streams, some of which outlast what a stop may take.
    @Suite struct BackendSwitchTests {
        @Test func noAnswerBreaksWhereTheBackendIsSwitched() throws {
            let programs = try #require(TestEnvironment.programs)
            let script = "\(TestEnvironment.root)/scripts/flips.py"
            let run = try ProgramRun.run("python3", [script, programs, "--flips", "5", "--streams", "20"], limit: 300)
            #expect(run.status == 0, "\(run.output)\(run.errors)")
        }
    }
}
