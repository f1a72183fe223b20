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
        let texts = elements.enumerated().map { index, element in string(element, "a name", place.child(String(index))) }
        guard !texts.contains(where: { $0 == nil }) else { return nil }
        return .names(zip(texts, elements).compactMap { text, element in text.map { PlacedName(text: $0, span: element.span) } })
    }
}
