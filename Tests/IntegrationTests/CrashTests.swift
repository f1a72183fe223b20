import Foundation
import Testing

extension IntegrationTests {
    /// `make crash` and `make stress`, small.
    @Suite struct CrashTests {
        private func run(_ script: String, _ arguments: String...) throws {
            let programs = try #require(TestEnvironment.programs)
            let run = try ProgramRun.run("python3", ["\(TestEnvironment.root)/scripts/\(script)", programs] + arguments, limit: 300)
            #expect(run.status == 0, "\(run.output)\(run.errors)")
        }

        @Test func killsInAnApplyLeaveOneWholeStack() throws { try run("crash.py", "--every", "15", "--random", "20") }

        /// Those that need what is not here say so and end well.
        @Test(arguments: ["storm", "deaf", "leavers", "full", "descriptors", "clock", "deaths", "streams"])
        func whatGoesWrongAtOnce(trial: String) throws {
            try run("stress.py", "--only", trial, "--services", "20", "--kills", "5", "--replacements", "5", "--streams", "20")
        }
    }
}
