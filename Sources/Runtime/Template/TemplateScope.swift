/// Names and their values, with the scope around it. Loops, macros and `with` open one; `if` does not.
final class TemplateScope {
    private var values: [String: TemplateValue]
    private let parent: TemplateScope?

    init(parent: TemplateScope?, _ values: [String: TemplateValue] = [:]) {
        self.parent = parent
        self.values = values
    }

    func value(_ name: String) -> TemplateValue? {
        var scope: TemplateScope? = self
        while let current = scope {
            if let value = current.values[name] { return value }
            scope = current.parent
        }
        return nil
    }

    func set(_ name: String, _ value: TemplateValue) { values[name] = value }
    func clear() { values = [:] }
}

/// The `loop` of a running loop.
final class TemplateLoop {
    let elements: [TemplateValue]
    let depth: Int
    /// For a recursive loop: its syntax and scope, to run it again.
    let recursion: (loop: TemplateSyntax.Loop, scope: TemplateScope)?
    var index = 0
    var lastChanged: [TemplateValue]?

    init(elements: [TemplateValue], depth: Int, recursion: (loop: TemplateSyntax.Loop, scope: TemplateScope)?) {
        self.elements = elements
        self.depth = depth
        self.recursion = recursion
    }

    func attribute(_ name: String) -> TemplateValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(elements.count - index)
        case "revindex0": .integer(elements.count - index - 1)
        case "first": .bool(index == 0)
        case "last": .bool(index == elements.count - 1)
        case "length": .integer(elements.count)
        case "depth": .integer(depth)
        case "depth0": .integer(depth - 1)
        case "previtem": index > 0 ? elements[index - 1] : .undefined("there is no previous item")
        case "nextitem": index + 1 < elements.count ? elements[index + 1] : .undefined("there is no next item")
        case "cycle", "changed": .function(.method(.loop(self), name))
        default: nil
        }
    }
}
