/// Runs a template's statements. One evaluator renders once; its budget bounds what a hostile template can cost.
final class TemplateEvaluator {
    typealias Statement = TemplateSyntax.Statement
    typealias Expression = TemplateSyntax.Expression

    /// What one rendering may use.
    struct Budget: Sendable {
        /// Statements run and expressions evaluated.
        var steps = 5_000_000
        /// Bytes written.
        var output = 64 << 20
        /// Macros and recursive loops within one another.
        var depth = 64
        /// Statements and expressions within one another, over all macros; bounds the stack.
        var frames = 400
        /// Lists and dicts within one another.
        var valueDepth = 600
        /// Elements of a list, bytes of a text that an expression makes.
        var valueSize = 64 << 20
    }

    enum Flow { case next, breakLoop, continueLoop }

    let budget: Budget
    let clock: @Sendable (_ format: String) -> String
    private var output: [UInt8] = []
    private var steps = 0
    private var depth = 0
    private var frames = 0
    /// A macro holds its scope, which holds the macro, and a namespace may hold itself: nothing would ever free them.
    private var macroScopes: [TemplateScope] = []
    private var namespaces: [TemplateNamespace] = []
    private(set) var line = 1

    init(budget: Budget, clock: @escaping @Sendable (_ format: String) -> String) {
        self.budget = budget
        self.clock = clock
    }

    func failure(_ message: String) -> RuntimeError { RuntimeError("chat template, line \(line): \(message)") }

    func step() throws(RuntimeError) {
        steps += 1
        if steps > budget.steps { throw failure("the template takes more than \(budget.steps) steps") }
    }

    /// Refuses a value too large to make; making many large ones uses up the steps.
    func check(size: Int) throws(RuntimeError) {
        if size > budget.valueSize { throw failure("the template makes a value of more than \(budget.valueSize) elements") }
        steps += size / 64
        try step()
    }

    /// Refuses a value that is nested too deep to be written or freed.
    func check(nestingOf elements: some Sequence<TemplateValue>, depth: Int = 1) throws(RuntimeError) {
        if depth > budget.valueDepth { throw failure("the template nests values more than \(budget.valueDepth) deep") }
        for element in elements {
            switch element {
            case .list(let inner), .tuple(let inner):
                try step()
                try check(nestingOf: inner, depth: depth + 1)
            case .dict(let dict):
                try step()
                try check(nestingOf: dict.members.lazy.map(\.value), depth: depth + 1)
            default: break
            }
        }
    }

    /// Each is left by `leave()`.
    func enter() throws(RuntimeError) {
        frames += 1
        if frames > budget.frames { throw failure("the template nests statements and expressions more than \(budget.frames) deep") }
        try step()
    }

    func leave() { frames -= 1 }

    /// A namespace that is emptied at the end of the rendering.
    func makeNamespace() -> TemplateNamespace {
        let namespace = TemplateNamespace()
        namespaces.append(namespace)
        return namespace
    }

    /// The text that a template writes with the names of `scope`.
    func render(_ syntax: TemplateSyntax, in scope: TemplateScope) throws(RuntimeError) -> String {
        defer {
            for scope in macroScopes { scope.clear() }
            for namespace in namespaces { namespace.members = [:] }
        }
        try run(syntax.body, in: scope)
        return String(decoding: output, as: UTF8.self)
    }

    private func nested<T>(_ body: () throws(RuntimeError) -> T) throws(RuntimeError) -> T {
        depth += 1
        defer { depth -= 1 }
        if depth > budget.depth { throw failure("macros or recursive loops are nested more than \(budget.depth) deep") }
        return try body()
    }

    private func write(_ text: String) throws(RuntimeError) {
        output.append(contentsOf: text.utf8)
        if output.count > budget.output { throw failure("the template writes more than \(budget.output) bytes") }
    }

    /// The text that `body` writes.
    private func captured(_ body: () throws(RuntimeError) -> Void) throws(RuntimeError) -> TemplateValue {
        var outer: [UInt8] = []
        swap(&outer, &output)
        defer { swap(&outer, &output) }
        try body()
        return .string(String(decoding: output, as: UTF8.self))
    }

    // MARK: Statements

    @discardableResult
    func run(_ statements: [Statement], in scope: TemplateScope) throws(RuntimeError) -> Flow {
        try enter()
        defer { leave() }
        for statement in statements {
            try step()
            line = statement.line
            let flow = try run(statement.kind, in: scope)
            if flow != .next { return flow }
        }
        return .next
    }

    private func run(_ kind: Statement.Kind, in scope: TemplateScope) throws(RuntimeError) -> Flow {
        switch kind {
        case .text(let text): try write(text)
        case .output(let expression): try write(try evaluate(expression, in: scope).text)
        case .conditional(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition, in: scope).isTrue { return try run(branch.body, in: scope) }
            return try run(otherwise, in: scope)
        case .loop(let loop): try run(loop, over: try evaluate(loop.source, in: scope), in: scope, depth: 1)
        case .assign(let targets, let expression):
            let value = try evaluate(expression, in: scope)
            try assign(targets.count == 1 ? targets[0] : .tuple(targets), value, in: scope)
        case .capture(let target, let filters, let body):
            let text = try captured { () throws(RuntimeError) in try run(body, in: TemplateScope(parent: scope)) }
            try assign(target, try apply(filters, to: text, in: scope), in: scope)
        case .macro(let macro):
            scope.set(macro.name, .function(.macro(macro, scope)))
            macroScopes.append(scope)
        case .callBlock(let call, let caller): try runCall(call, caller: caller, in: scope)
        case .filterBlock(let filters, let body):
            let text = try captured { () throws(RuntimeError) in try run(body, in: TemplateScope(parent: scope)) }
            try write(try apply(filters, to: text, in: scope).text)
        case .with(let assignments, let body):
            let inner = TemplateScope(parent: scope)
            for assignment in assignments { try assign(assignment.target, try evaluate(assignment.value, in: scope), in: inner) }
            return try run(body, in: inner)
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .next
    }

    private func apply(
        _ filters: [TemplateSyntax.Application], to value: TemplateValue, in scope: TemplateScope
    ) throws(RuntimeError) -> TemplateValue {
        var value = value
        for filter in filters { value = try self.filter(filter.name, value, try arguments(filter.arguments, in: scope)) }
        return value
    }

    private func assign(_ target: TemplateSyntax.Target, _ value: TemplateValue, in scope: TemplateScope) throws(RuntimeError) {
        switch target {
        case .name(let name): scope.set(name, value)
        case .attribute(let name, let member):
            guard case .namespace(let namespace)? = scope.value(name) else { throw failure("cannot set `\(name).\(member)`: not a namespace") }
            namespace.members[member] = value
        case .tuple(let targets):
            let elements = try iterate(value)
            guard elements.count == targets.count else {
                throw failure("cannot unpack \(elements.count) values into \(targets.count) names")
            }
            for (target, element) in zip(targets, elements) { try assign(target, element, in: scope) }
        }
    }

    // MARK: Loops

    private func run(_ loop: TemplateSyntax.Loop, over source: TemplateValue, in scope: TemplateScope, depth: Int) throws(RuntimeError) {
        let target = loop.targets.count == 1 ? loop.targets[0] : .tuple(loop.targets)
        var elements = try iterate(source)
        if let filter = loop.filter {
            var kept: [TemplateValue] = []
            for element in elements {
                let inner = TemplateScope(parent: scope)
                try assign(target, element, in: inner)
                if try evaluate(filter, in: inner).isTrue { kept.append(element) }
            }
            elements = kept
        }
        guard !elements.isEmpty else {
            try run(loop.otherwise, in: TemplateScope(parent: scope))
            return
        }
        let state = TemplateLoop(elements: elements, depth: depth, recursion: loop.isRecursive ? (loop, scope) : nil)
        for (index, element) in elements.enumerated() {
            try step()
            state.index = index
            let inner = TemplateScope(parent: scope, ["loop": .loop(state)])
            try assign(target, element, in: inner)
            if try run(loop.body, in: inner) == .breakLoop { break }
        }
    }

    /// `loop(elements)` within a recursive loop.
    func recur(_ state: TemplateLoop, over source: TemplateValue) throws(RuntimeError) -> TemplateValue {
        guard let recursion = state.recursion else { throw failure("`loop(…)` needs a loop that is `recursive`") }
        return try nested { () throws(RuntimeError) in
            try captured { () throws(RuntimeError) in
                try run(recursion.loop, over: source, in: recursion.scope, depth: state.depth + 1)
            }
        }
    }

    /// The elements of what a loop can go over.
    func iterate(_ value: TemplateValue) throws(RuntimeError) -> [TemplateValue] {
        switch value {
        case .list(let elements), .tuple(let elements): return elements
        case .dict(let dict): return dict.members.map(\.key)
        case .string(let text): return text.unicodeScalars.map { .string(String($0)) }
        case .undefined: return []
        default: throw failure("'\(value.typeName)' object is not iterable")
        }
    }

    // MARK: Macros

    private func runCall(_ call: Expression, caller: TemplateSyntax.Macro, in scope: TemplateScope) throws(RuntimeError) {
        guard case .call(let callee, let syntax) = call else { return }
        var arguments = try arguments(syntax, in: scope)
        arguments.named.append(("caller", .function(.macro(caller, scope))))
        try write(try self.call(try evaluate(callee, in: scope), arguments).text)
    }

    func call(_ macro: TemplateSyntax.Macro, _ arguments: TemplateArguments, in scope: TemplateScope) throws(RuntimeError) -> TemplateValue {
        let inner = TemplateScope(parent: scope)
        var named = arguments.named
        if let index = named.firstIndex(where: { $0.name == "caller" }) {
            inner.set("caller", named.remove(at: index).value)
        } else if macro.name != "caller" {
            inner.set("caller", .undefined("the macro `\(macro.name)` was not called by a call block"))
        }
        for (index, parameter) in macro.parameters.enumerated() {
            if index < arguments.positional.count {
                inner.set(parameter.name, arguments.positional[index])
            } else if let given = named.firstIndex(where: { $0.name == parameter.name }) {
                inner.set(parameter.name, named.remove(at: given).value)
            } else if let value = parameter.value {
                inner.set(parameter.name, try evaluate(value, in: inner))
            } else {
                inner.set(parameter.name, .undefined("the parameter `\(parameter.name)` was not given"))
            }
        }
        inner.set("varargs", .tuple(Array(arguments.positional.dropFirst(macro.parameters.count))))
        inner.set("kwargs", .dict(TemplateDict(members: named.map { TemplateDict.Member(key: .string($0.name), value: $0.value) })))
        let callLine = line
        defer { line = callLine }
        return try nested { () throws(RuntimeError) in
            try captured { () throws(RuntimeError) in try run(macro.body, in: inner) }
        }
    }
}

/// The values that a filter, a test or a function is called with.
struct TemplateArguments {
    var positional: [TemplateValue] = []
    var named: [(name: String, value: TemplateValue)] = []

    /// The argument in place `index` or under `name`.
    func value(_ index: Int, _ name: String) -> TemplateValue? {
        if index < positional.count { return positional[index] }
        return named.first { $0.name == name }?.value
    }
}
