import Testing

@testable import anyclaude

@Suite struct ConfigDumpTests {
    @Test(arguments: [["--max-depth", "0"], ["--max-depth", "4097"], ["--max-nodes", "0"], ["--max-bytes", "-1"], ["--format", "xml"]])
    func limitsOutsideTheirRangeAreUsageErrors(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try ConfigDumpCommand.parse(arguments) }
        #expect(error.map { ConfigDumpCommand.message(for: $0) }?.contains(arguments[0]) == true)
    }

    @Test func theLimitsHaveTheDefaultsOfConfigurations() throws {
        let command = try ConfigDumpCommand.parse(["x.yaml"])
        #expect(command.maxBytes == 1 << 20 && command.maxNodes == 100_000 && command.maxDepth == 64 && !command.check)
        #expect(try ConfigDumpCommand.parse(["--format", "canonical", "-"]).format == .canonical)
    }
}
