import Diagnostics
import LaunchPlan

extension Checker {
    /// A single processor is an integer to YAML and JSON.
    mutating func processors(_ node: SyntaxNode, _ spec: KeySpec, _ place: Place) -> CheckedValue? {
        guard case .integer = node.value else { return text(node, spec, place) }
        return integer(node, 0...ProcessorList.largest, place).map { .processors([$0]) }
    }

    mutating func names(_ node: SyntaxNode, _ place: Place) -> CheckedValue? {
        guard case .sequence(let elements) = node.value else {
            wrongType("a list of names", node, place)
            return nil
        }
        guard isBounded(elements.count, node, place) else { return nil }
        let names = elements.enumerated().map { index, element in name(element, place.child(String(index))) }
        return names.contains { $0 == nil } ? nil : .names(names.compactMap { $0 })
    }

    /// Another program's words are taken as they are; only secrets have no place among them.
    mutating func members(_ node: SyntaxNode, _ place: Place) -> CheckedValue? {
        guard case .mapping = node.value else {
            wrongType("a mapping", node, place)
            return nil
        }
        return hasTroublesomeText(node, place) ? nil : .members(node.json)
    }

    private mutating func hasTroublesomeText(_ node: SyntaxNode, _ place: Place) -> Bool {
        switch node.value {
        case .string(let text): return interpolates(text, node, place, isSecret: false) || holdsSecret(text, node, place)
        case .sequence(let elements):
            for (index, element) in elements.enumerated() where hasTroublesomeText(element, place.child(String(index))) { return true }
            return false
        case .mapping(let entries):
            for entry in entries where !entry.isRemark {
                let inner = place.child(entry.key, entry.keySpan)
                if case .string(let text) = entry.value.value, holdsSecret(text, variable: entry, inner) { return true }
                if hasTroublesomeText(entry.value, inner) { return true }
            }
            return false
        default: return false
        }
    }

    mutating func texts(_ node: SyntaxNode, _ place: Place) -> CheckedValue? {
        guard case .sequence(let elements) = node.value else {
            wrongType("a list of texts", node, place)
            return nil
        }
        guard isBounded(elements.count, node, place) else { return nil }
        let texts = elements.enumerated().map { index, element in text(element, place.child(String(index))) }
        return texts.contains { $0 == nil } ? nil : .texts(texts.compactMap { $0 })
    }

    private mutating func text(_ node: SyntaxNode, _ place: Place) -> String? {
        let spec = KeySpec(name: place.name, type: .string, doc: "")
        guard case .text(let text)? = text(node, spec, place) else { return nil }
        return text
    }

    private mutating func name(_ node: SyntaxNode, _ place: Place) -> PlacedName? {
        guard let text = string(node, "a name", place) else { return nil }
        do throws(ValueFault) {
            return PlacedName(text: try TextValue.name(text), span: node.span)
        } catch {
            report(Diagnostic(error.code, "`\(text.prefix(64))` \(error.message)", at: node.span, label: "this name", path: place.pointer))
            return nil
        }
    }
}
