import Control
import JSON
import LaunchPlan

/// A saved plan: what `plan --out` writes and `apply` takes.
enum PlanFile {
    /// Whether a text is a saved plan, right or wrong, rather than a configuration.
    static func isPlan(_ bytes: [UInt8]) -> Bool {
        guard bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"), let document = try? JSON(parsing: bytes) else { return false }
        return document["plan_id"] != nil && document["plan"] != nil
    }

    /// - Parameter path: `-` is standard input.
    /// - Throws: exit code 6 where the plan is not the one that was saved, 3 where this version cannot read its format.
    static func read(_ path: String) throws(CommandError) -> (envelope: PlanEnvelope, plan: LaunchPlan) {
        if path == "-" { return try plan(in: Files.readStandardInput(), name: "<stdin>") }
        return try plan(in: Files.read(path), name: path)
    }

    static func plan(in bytes: [UInt8], name path: String) throws(CommandError) -> (envelope: PlanEnvelope, plan: LaunchPlan) {
        let envelope: PlanEnvelope
        do {
            envelope = try JSON(parsing: bytes).decode()
        } catch {
            throw CommandError(
                "\(path) is not a saved plan: \(error)", hint: "a configuration is applied with -f FILE", exitCode: ExitStatus.diagnostics)
        }
        let plan: LaunchPlan
        do throws(PlanEnvelope.Refusal) {
            plan = try envelope.verified()
        } catch {
            throw CommandError(error, file: path)
        }
        guard Instance.isName(plan.instance) else {
            throw CommandError(
                "\(path): `\(Text.line(plan.instance))` is not the name of an instance", hint: "make the plan again", exitCode: ExitStatus.diagnostics
            )
        }
        return (envelope, plan)
    }

    static func write(_ envelope: PlanEnvelope, to path: String) throws {
        let document = try JSON(encoding: envelope)
        try Files.write(Array((document.prettyText + "\n").utf8), to: path, mode: 0o600, place: .named)
    }

    /// The folder of the configuration that a saved plan was made from, as far as it is there on this machine.
    static func configurationDirectory(_ provenance: Provenance, caller: Caller) -> String {
        guard let file = provenance.files.first?.path, file.contains("/") else { return caller.directory }
        let directory = Paths.directory(of: caller.absolute(file))
        return Paths.exists(directory) ? directory : caller.directory
    }
}
