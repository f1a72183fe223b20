import Diagnostics
import LaunchPlan

/// How a service gets its secrets: as credentials, one each, from where the plan's references say. No value is in a unit or is read here.
struct SystemdSecrets {
    let context: SystemdService
    /// In the order of their names.
    private(set) var credentials: [(id: String, reference: SecretReference)] = []
    /// The text of a shell program that puts credentials into variables and becomes the service; nil where no variable is secret.
    private(set) var script: String?

    init(_ context: SystemdService) throws(EmitError) {
        self.context = context
        for (id, reference) in context.service.secrets.sorted(by: { $0.key < $1.key }) { try add("secret.\(id)", reference) }
        var lines: [String] = []
        for (name, value) in context.service.environment.sorted(by: { $0.key < $1.key }) where !value.secrets.isEmpty {
            try SystemdService.checkVariable(name)
            var number = 0
            lines.append("\(name)=\(try expression(value, name, &number)) || exit 78")
            lines.append("export \(name)")
        }
        if !lines.isEmpty { script = (lines + ["exec \"$0\" \"$@\""]).joined(separator: "; ") }
    }

    private mutating func add(_ id: String, _ reference: SecretReference) throws(EmitError) {
        guard id.utf8.count <= 255, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "/") }) else {
            throw EmitError("`\(SystemdQuoting.comment(id).dropFirst(2))` cannot be the name of a credential", hint: "make the plan again")
        }
        credentials.append((id, reference))
    }

    /// A value as a word of the shell's.
    private mutating func expression(_ value: PlanValue, _ variable: String, _ number: inout Int) throws(EmitError) -> String {
        switch value {
        case .text, .path:
            let text = try context.text(value, "the variable \(variable)")
            return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        case .secret(let reference):
            let id = "secret.\(variable)" + (number == 0 ? "" : ".\(number)")
            number += 1
            try add(id, reference)
            return "\"$(cat \"$CREDENTIALS_DIRECTORY/\(id)\")\""
        case .joined(let parts):
            var result = ""
            for part in parts { result += try expression(part, variable, &number) }
            return result
        }
    }

    /// The value of `LoadCredential=`.
    func source(_ id: String, _ reference: SecretReference) throws(EmitError) -> String {
        let name = id.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
        switch reference {
        case .file(let path): return "\(name):\(try SystemdQuoting.path(try context.path(path)))"
        case .env(let variable): return "\(name):\(try SystemdQuoting.path(try Self.file(variable, context.bindings)))"
        case .credential(let credential):
            guard !credential.isEmpty, credential.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !":/%".utf8.contains($0) }) else {
                throw EmitError("`\(SystemdQuoting.comment(credential).dropFirst(2))` is not the name of a credential", hint: "rename it")
            }
            return "\(name):\(credential)"
        }
    }

    /// The file that stands for a variable of the supervisor's.
    static func file(_ variable: String, _ bindings: SystemdBindings) throws(EmitError) -> String {
        guard !variable.isEmpty, variable.utf8.allSatisfy(\.isWord) else {
            throw EmitError("`\(SystemdQuoting.comment(variable).dropFirst(2))` is not the name of a variable", hint: "make the plan again")
        }
        return "\(bindings.configurationFolder)/secrets/\(variable)"
    }
}

extension SystemdService {
    /// The name goes into a unit, or into a program of the shell's.
    static func checkVariable(_ name: String) throws(EmitError) {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.allSatisfy(\.isWord) else {
            throw EmitError("`\(SystemdQuoting.comment(name).dropFirst(2))` is not the name of a variable", hint: "rename it")
        }
    }
}
