import ConfigCompiler
import Diagnostics
import FoundationEssentials
import JSON
import SchemaValidation
import Testing

/// The schema and the checker are two readings of one table of keys: they must accept and refuse the same files.
@Suite struct SchemaAgreementTests {
    /// Errors that are about keys, types and values; not those about what values mean together, or on this machine.
    private static func concernsShape(_ diagnostic: Diagnostic) -> Bool {
        guard diagnostic.severity == .error else { return false }
        switch diagnostic.code {
        case .literalSecret, .interpolation, .unusedKey, .badInclude, .includeCycle, .emptyFile, .tooLarge: return true
        default: return [.shape, .values].contains(diagnostic.code.stage)
        }
    }

    private static func errors(_ value: JSON) -> [Diagnostic] {
        // Every file that is included exists, and adds nothing.
        let reader = IncludeReader { (_: [String], _: Int) throws(ConfigFileError) -> [UInt8] in Array("{}".utf8) }
        let file = SourceFile(path: "x.json", bytes: value.bytes)
        return Compiler.compile(CompilerInput(file: file, includes: reader)).diagnostics.filter(concernsShape)
    }

    @Test func schemaAndCheckerAgreeOnTheCorpus() throws {
        let schema = SchemaCheck(SchemaDocument.draft07())
        let corpus = ConfigurationCorpus.all()
        var accepted = 0
        var refused = 0
        var used: [AllowedDifference: Int] = [:]
        var codes: Set<DiagnosticCode> = []
        var lines = ""
        for one in corpus {
            let errors = Self.errors(one.value)
            let faults = schema.faults(of: one.value)
            codes.formUnion(errors.map(\.code))
            if errors.isEmpty { accepted += 1 } else { refused += 1 }
            lines +=
                (["name": .string(one.name), "value": one.value, "schema": .bool(faults.isEmpty), "checker": .bool(errors.isEmpty)] as JSON).text
                + "\n"
            if errors.isEmpty == faults.isEmpty { continue }
            if faults.isEmpty, let difference = AllowedDifference.explaining(errors) {
                used[difference, default: 0] += 1
                continue
            }
            Issue.record(
                "\(one.name)\n  checker: \(errors.map { "\($0.code.rawValue) \($0.message)" })\n  schema: \(faults)\n  \(one.value.text.prefix(300))")
        }
        #expect(accepted > 1500 && refused > 3000, "\(accepted) accepted, \(refused) refused")
        // No difference is allowed that does not exist.
        for difference in AllowedDifference.allCases { #expect(used[difference] != nil, "\(difference)") }
        #expect(used.values.reduce(0, +) < corpus.count / 10, "\(used)")
        // A corpus that does not reach a check says nothing of it. These need texts that are no JSON.
        let elsewhere: Set<DiagnosticCode> = [.mergeConflict, .invalidMerge, .ambiguousInteger]
        let expected = DiagnosticCode.allCases.filter { [.shape, .values].contains($0.stage) && !elsewhere.contains($0) }
        #expect(Set(expected).subtracting(codes).map(\.rawValue) == [])
        // For other validators: Tests/IntegrationTests/Python/schema_corpus.py.
        if let path = ProcessInfo.processInfo.environment["ANYCLAUDE_CORPUS"] { try Data(lines.utf8).write(to: URL(fileURLWithPath: path)) }
    }

    @Test func theSchemaFollowsItsMetaschema() throws {
        let metaschema = try JSON(parsing: try Fixtures.bytes("../schema/draft-07.json"))
        let check = SchemaCheck(metaschema)
        #expect(check.faults(of: SchemaDocument.draft07()) == [])
        #expect(check.faults(of: metaschema) == [])
        #expect(check.faults(of: ["type": "text"]) != [])
        #expect(SchemaKeywords.unknown(in: SchemaDocument.draft07()) == [])
    }

    /// Every property says what it is, and what it proposes fits it.
    @Test func defaultsAndExamplesFitTheirSchemas() {
        let schema = SchemaDocument.draft07()
        let root = SchemaKeywords.all(in: schema)
        #expect(root.count > 300)
        for (path, place) in root {
            guard case .object(var own) = place else { continue }
            own["definitions"] = schema["definitions"]
            let check = SchemaCheck(.object(own))
            if let value = place["default"] { #expect(check.faults(of: value) == [], "\(path)") }
            for example in place["examples"]?.arrayValue ?? [] { #expect(check.faults(of: example) == [], "\(path) \(example.text)") }
            if let words = place["enumDescriptions"]?.arrayValue { #expect(words.count == place["enum"]?.arrayValue?.count, "\(path)") }
            for member in place["properties"]?.objectValue?.members ?? [] where member.value != [:] && path.contains("/properties/") {
                #expect(member.value["description"] != nil || member.value["const"] != nil || path.contains("cluster"), "\(path)/\(member.key)")
            }
        }
        #expect(SchemaCheck(schema).faults(of: ["$schema": "./anyclaude.schema.json", "backend": "claude"]) == [])
    }
}
