import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan

/// What must hold of any bytes at all, for each reader and for the whole compiler.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case yaml, json, pipeline, formatting, migration

    /// What the bytes break; nil where all promises are kept.
    public func fault(_ bytes: [UInt8]) -> String? {
        switch self {
        case .yaml: Self.readerFault(bytes, .yaml)
        case .json: Self.readerFault(bytes, .json)
        case .pipeline: Self.pipelineFault(bytes)
        case .formatting: Self.formattingFault(bytes, "x.yaml") ?? Self.formattingFault(bytes, "x.json") ?? Self.formattingFault(bytes, "x")
        case .migration: Self.migrationFault(bytes)
        }
    }

    /// Nil where the form of a text is its own form, and says what the text says.
    private static func formattingFault(_ bytes: [UInt8], _ name: String) -> String? {
        guard case .text(let form) = Formatter.format(SourceFile(path: name, bytes: bytes)) else { return nil }
        guard case .text(form) = Formatter.format(SourceFile(path: name, bytes: form)) else { return "the form is none" }
        func values(_ bytes: [UInt8]) -> [JSON] { SyntaxDump.dump(SourceFile(path: name, bytes: bytes), allowDuplicateKeys: true).values }
        return values(bytes) == values(form) ? nil : "the form says something else"
    }

    /// Nil where a migrated text has nothing more to migrate, and compiles where the old one did.
    private static func migrationFault(_ bytes: [UInt8]) -> String? {
        do throws(Migration.Refusal) {
            let migration = try Migration(SourceFile(path: "x", bytes: bytes))
            let again = try Migration(SourceFile(path: "x", bytes: migration.bytes))
            if again.bytes != migration.bytes { return "the migration is not at its end" }
            if migration.after.diagnostics.hasErrors, !migration.before.diagnostics.hasErrors { return "an error is new" }
            return migration.secrets.contains { $0.value.utf8.count > 5 && migration.bytes.firstRange(of: Array($0.value.utf8)) != nil }
                && migration.remainders.isEmpty ? "a secret is still there" : nil
        } catch {
            if case .endless = error { return "the migration has no end" }
            return nil
        }
    }

    /// Nil where the reader keeps its promises: places inside the text, no value beside an error, and values that read back as they are.
    private static func readerFault(_ bytes: [UInt8], _ format: SourceFormat) -> String? {
        let result = SyntaxDump.dump(SourceFile(path: "x", bytes: bytes), format: format)
        if let fault = placeFault(result.diagnostics, [bytes.count]) { return fault }
        if result.diagnostics.hasErrors { return result.values.isEmpty ? nil : "values beside an error" }
        for value in result.values {
            let text = value.bytes
            let again = SyntaxDump.dump(SourceFile(path: "y", bytes: text), format: .json)
            if again.values.first?.bytes != text { return "the dump reads back otherwise" }
        }
        // A JSON text has the same meaning to both readers, where YAML takes it at all.
        guard format == .json, let value = result.values.first else { return nil }
        let yaml = SyntaxDump.dump(SourceFile(path: "x", bytes: bytes), format: .yaml)
        guard let other = yaml.values.first, !yaml.diagnostics.hasErrors else { return nil }
        return normal(other) == normal(value) ? nil : "YAML reads the JSON text otherwise"
    }

    private static func pipelineFault(_ bytes: [UInt8]) -> String? {
        let reader = IncludeReader { (_: [String], _: Int) throws(ConfigFileError) -> [UInt8] in Array(bytes.prefix(4096)) }
        let result = Compiler.compile(CompilerInput(file: SourceFile(path: "x", bytes: bytes), includes: reader))
        if let fault = placeFault(result.diagnostics, result.sources.files.map(\.bytes.count)) { return fault }
        if result.hasErrors != (result.plan == nil) { return "a plan beside errors, or neither" }
        if TextRenderer(color: false).render(result.diagnostics, result.sources).isEmpty, result.hasErrors { return "an error without a text" }
        if let plan = result.plan {
            guard let body = try? plan.json(), let again = try? JSON(parsing: body.canonicalBytes).decode(LaunchPlan.self), again == plan else {
                return "the plan does not read back"
            }
        }
        return nil
    }

    private static func placeFault(_ diagnostics: [Diagnostic], _ counts: [Int]) -> String? {
        for diagnostic in diagnostics {
            let spans = [diagnostic.primary].compactMap { $0 } + diagnostic.secondary.map(\.span) + diagnostic.fixes.flatMap { $0.edits.map(\.span) }
            for span in spans where span.start > span.end || span.end > counts[Int(span.file.index)] { return "\(diagnostic.code) outside the text" }
        }
        return nil
    }

    /// Numbers by their value: YAML keeps no texts of floats, and its integers have one zero.
    private static func normal(_ value: JSON) -> JSON {
        switch value {
        case .number(let number): .double(number.double == 0 ? 0 : number.double)
        case .integer(let number): .double(Double(number))
        case .array(let elements): .array(elements.map(normal))
        case .object(let object): .object(JSONObject(object.members.map { .init(key: $0.key, value: normal($0.value)) }))
        default: value
        }
    }
}
