import Diagnostics
import LaunchPlan

extension Checker {
    /// What the earlier tool wrote where there was no key.
    static let placeholders: Set<String> = ["", "lm-studio", "vllm-mlx", "local", "mlx", "mlx-lm", "mlx-textgen"]

    /// A reference, or the absence of a secret. The value itself is never taken from a file, and never shown.
    mutating func secret(_ node: SyntaxNode, _ place: Place) -> CheckedValue? {
        switch node.value {
        case .null: return .secret(.none)
        case .string(let text):
            if Self.placeholders.contains(text) { return .secret(.none) }
            if interpolates(text, node, place, isSecret: true) { return nil }
            mask(node.span)
            report(
                Diagnostic(
                    .literalSecret, "`\(place.name)` holds a secret in clear text", at: shortened(node.span), label: "whoever reads the file has it",
                    notes: ["`{ env: NAME }`, `{ file: PATH }` and `{ credential: NAME }` say where it is"],
                    fixes: [Fix("refer to a variable", .placeholder, edits: [.init(node.span, "{ \"env\": \"\(variable(place))\" }")])],
                    path: place.pointer))
            return nil
        case .mapping(let entries): return reference(entries.filter { !$0.isRemark }, node, place).map { .secret(.reference($0)) }
        default:
            mask(node.span)
            wrongType("a secret reference", node, place, notes: ["`{ env: NAME }`, `{ file: PATH }` or `{ credential: NAME }`"])
            return nil
        }
    }

    /// Of a secret that there must be, the absence is a fault too.
    mutating func requiredSecret(_ node: SyntaxNode, _ place: Place) -> CheckedValue? {
        guard let value = secret(node, place) else { return nil }
        guard case .secret(.none) = value else { return value }
        report(
            Diagnostic(
                .missingKey, "`\(place.name)` needs a secret", at: shortened(node.span), label: "this means none",
                notes: ["`{ file: PATH }` or `{ credential: NAME }` says where it is"], path: place.pointer))
        return nil
    }

    private func variable(_ place: Place) -> String {
        guard place.components.first == "backends", place.components.count > 1 else { return "ANYCLAUDE_TOKEN" }
        return place.components[1].uppercased().replacing("-", with: "_") + "_API_KEY"
    }

    private mutating func reference(_ entries: [SyntaxEntry], _ node: SyntaxNode, _ place: Place) -> SecretReference? {
        guard let entry = entries.first, entries.count == 1 else {
            maskTexts(node)
            wrongType("one of `env`, `file` and `credential`", node, place)
            return nil
        }
        guard ["env", "file", "credential"].contains(entry.key) else {
            maskTexts(node)
            let near = Spelling.nearest(to: entry.key, among: ["env", "file", "credential"])
            report(
                Diagnostic(
                    .unknownKey, "unknown key `\(entry.key.prefix(64))` in a secret reference", at: entry.keySpan,
                    label: "not `env`, `file` or `credential`",
                    fixes: near.map { [Fix("a similar key exists", .suggestion, edits: [.init(entry.keySpan, $0)])] } ?? [], path: place.pointer))
            return nil
        }
        let inner = place.child(entry.key)
        guard let text = string(entry.value, "a string", inner) else {
            maskTexts(entry.value)
            return nil
        }
        if SecretWords.isIn(text) || (entry.key == "env" && SecretWords.isUnlikeName(text)) {
            reportSecret(
                "`\(inner.name)` holds what looks like the secret itself", entry.value, inner, label: "a name is meant",
                notes: ["as `{ env: OPENROUTER_API_KEY }`, with the secret in that variable"])
            return nil
        }
        do throws(ValueFault) {
            switch entry.key {
            case "file": return .file(path: try PathText.planPath(text))
            case "env": return .env(name: try name(text, "a variable") { $0 == UInt8(ascii: "_") })
            default:
                return .credential(
                    name: try name(text, "a credential") { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
            }
        } catch {
            // The secret itself in the place of its name is a common mistake.
            maskTexts(node)
            report(Diagnostic(error.code, "`\(inner.name)` \(error.message)", at: entry.value.span, label: "this name", path: inner.pointer))
            return nil
        }
    }

    private mutating func maskTexts(_ node: SyntaxNode) {
        for span in node.textSpans { mask(span) }
    }

    private func name(_ text: String, _ noun: String, _ also: (UInt8) -> Bool) throws(ValueFault) -> String {
        let isRight = text.utf8.allSatisfy { also($0) || $0.isLetterOrDigit }
        guard !text.isEmpty, isRight, text != ".", text != "..", text.utf8.count <= 255 else {
            throw ValueFault(.badName, "is not the name of \(noun)")
        }
        return text
    }
}
