import Control
import Glibc
import LaunchPlan

/// Detached signatures of saved plans, made and checked by `ssh-keygen -Y`: the keys are there already, on every machine.
struct SignatureTool {
    /// Who signed, as ssh-keygen says it.
    struct Signer: Equatable {
        var identity: String
        /// `ED25519 key SHA256:…`
        var key: String
    }

    let environment: [String: String]

    private static let program = "ssh-keygen"
    /// Somebody may have to find a passphrase or a security key.
    private static let signingTimeoutMs = 300_000
    private static let checkingTimeoutMs = 30_000
    private static let maximumSignature = 64 << 10

    /// - Parameter key: a private key, or a public one whose private half an agent has.
    /// - Returns: the signature in ssh's armoured form.
    func sign(_ document: [UInt8], key: String) throws(CommandError) -> [UInt8] {
        guard Paths.exists(key) else { throw CommandError("\(key): no such key", exitCode: ExitStatus.noInput) }
        let finished = try run(
            ["-q", "-Y", "sign", "-f", key, "-n", PlanSignature.namespace], document, errors: .inherited, Self.signingTimeoutMs)
        guard finished.ending == .exited(0), !finished.output.isEmpty else {
            throw CommandError(
                "ssh-keygen did not sign with \(key) (\(finished.ending)); nothing was saved",
                hint: "the key is a private one, or a public one whose private half is in ssh-agent", exitCode: ExitStatus.precondition)
        }
        return finished.output
    }

    /// - Parameters:
    ///   - signature: a file.
    ///   - signers: a file in the format of ALLOWED SIGNERS in ssh-keygen(1).
    ///   - identity: who must have signed; anyone of the file where nil.
    /// - Throws: exit code 6 where it is no signature of `document` by one of them.
    func verify(_ document: [UInt8], signature: String, signers: String, identity: String?) throws(CommandError) -> Signer {
        guard Paths.exists(signers) else { throw CommandError("\(signers): no such file", hint: Self.signersHint, exitCode: ExitStatus.noInput) }
        guard Paths.exists(signature) else {
            throw CommandError(
                "the plan is not signed: there is no \(signature)", hint: "sign it with `anyclaude plan --out FILE --sign KEY`",
                exitCode: ExitStatus.tampered)
        }
        _ = try Files.read(signature, maximum: Self.maximumSignature)
        let names = if let identity { [identity] } else { try principals(signature, signers) }
        var reason = ""
        for name in names {
            let finished = try run(
                ["-Y", "verify", "-f", signers, "-I", name, "-n", PlanSignature.namespace, "-s", signature], document, errors: .captured,
                Self.checkingTimeoutMs)
            if finished.ending == .exited(0) { return Signer(identity: name, key: Self.key(finished.output)) }
            reason = Self.lastLine(finished.errors + finished.output)
        }
        let who = identity.map { "by \(Text.line($0))" } ?? "by anyone"
        throw CommandError(
            "\(signature) is not a signature of this plan and its precondition \(who) in \(signers)\(reason.isEmpty ? "" : ": \(reason)")",
            hint: "the plan, what it was made against, or the signature is another one, or the signer may not sign plans",
            exitCode: ExitStatus.tampered)
    }

    /// Those of the file whose key made the signature.
    private func principals(_ signature: String, _ signers: String) throws(CommandError) -> [String] {
        let finished = try run(["-Y", "find-principals", "-s", signature, "-f", signers], [], errors: .captured, Self.checkingTimeoutMs)
        let names = String(decoding: finished.output, as: UTF8.self).split(separator: "\n").map(String.init)
        guard finished.ending == .exited(0), !names.isEmpty else {
            let reason = Self.lastLine(finished.errors)
            throw CommandError(
                "\(signature) was not made by a key in \(signers)\(reason.isEmpty ? "" : ": \(reason)")", hint: Self.signersHint,
                exitCode: ExitStatus.tampered)
        }
        return names
    }

    private static let signersHint = "each line is an identity and its public key, as ssh-keygen(1) says under ALLOWED SIGNERS"

    private func run(
        _ arguments: [String], _ input: [UInt8], errors: ChildProcess.StandardError, _ timeoutMs: Int
    ) throws(CommandError) -> ChildProcess.Finished {
        guard Paths.onPath(Self.program, environment) != nil else {
            throw CommandError(
                "\(Self.program) is needed for signatures and is not on PATH", hint: "install it (Debian: openssh-client)",
                exitCode: ExitStatus.noInput)
        }
        return try ChildProcess.run(
            [Self.program] + arguments, environment: environment, input: input, errors: errors, deadline: .after(milliseconds: timeoutMs))
    }

    /// What stands after the last `with` in `Good "…" signature for NAME with ED25519 key SHA256:…`.
    private static func key(_ output: [UInt8]) -> String {
        let words = lastLine(output).split(separator: " ")
        return words.lastIndex(of: "with").map { words[($0 + 1)...].joined(separator: " ") } ?? ""
    }

    private static func lastLine(_ bytes: [UInt8]) -> String {
        Text.line(String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).last.map(String.init) ?? "")
    }
}
