import Diagnostics
import JSON

/// Secrets in places whose values go into the plan as they stand.
extension Checker {
    mutating func reportSecret(_ message: String, _ node: SyntaxNode, _ place: Place, label: String, notes: [String], fixes: [Fix] = []) {
        mask(node.span)
        report(
            Diagnostic(.secretElsewhere, message, at: shortened(node.span), label: label, notes: notes, fixes: fixes, path: place.pointer))
    }

    /// Whether a text has a word that looks like a key of a known service; reported where it does.
    mutating func holdsSecret(_ text: String, _ node: SyntaxNode, _ place: Place) -> Bool {
        guard SecretWords.isIn(text) || SecretWords.hasArgument(text) else { return false }
        reportSecret(
            "`\(place.name)` holds what looks like a secret", node, place, label: "the plan would hold it in clear text",
            notes: ["secrets are given to `apiKey`, `authToken` and `environment`, as `{ env: NAME }`"])
        return true
    }

    /// Whether the literal value of a variable is a secret, by the variable's name or its own look; reported where it is.
    mutating func holdsSecret(_ text: String, variable entry: SyntaxEntry, _ place: Place) -> Bool {
        guard SecretWords.isName(entry.key) && !SecretWords.isHarmless(text) || SecretWords.isIn(text) || SecretWords.hasArgument(text) else {
            return false
        }
        if isFull {
            mask(entry.value.span)
            return true
        }
        let reference: JSON = ["env": .string(entry.key)]
        reportSecret(
            "`\(entry.key)` holds a secret in clear text", entry.value, place, label: "the plan would hold it too",
            notes: ["`{ env: NAME }`, `{ file: PATH }` and `{ credential: NAME }` say where it is"],
            fixes: [Fix("refer to a variable", .placeholder, edits: [.init(entry.value.span, reference.text)])])
        return true
    }

    /// Whether one of the arguments is a secret: by its own look, or by the flag before it; reported where it is.
    mutating func holdsSecret(_ texts: [String], arguments nodes: [SyntaxNode], _ place: Place) -> Bool {
        var previous = ""
        for (text, node) in zip(texts, nodes) {
            let follows = previous.hasPrefix("-") && SecretWords.isName(previous) && !text.hasPrefix("-") && !SecretWords.isHarmless(text)
            previous = text
            guard follows || SecretWords.isIn(text) || SecretWords.hasArgument(text) else { continue }
            reportSecret(
                "an argument of `\(place.name)` is a secret in clear text", node, place, label: "every user of the machine can see arguments",
                notes: ["programs take their keys from variables too: `environment: { NAME: { env: NAME } }`"])
            return true
        }
        return false
    }
}
