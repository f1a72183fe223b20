/// The syntax tree of a chat template (the language of Jinja 3).
struct TemplateSyntax: Sendable {
    var body: [Statement]

    struct Statement: Sendable {
        var line: Int
        var kind: Kind

        enum Kind: Sendable {
            case text(String)
            case output(Expression)
            case conditional([Branch], otherwise: [Statement])
            case loop(Loop)
            case assign([Target], Expression)
            case capture(Target, filters: [Application], body: [Statement])
            case macro(Macro)
            case callBlock(Expression, caller: Macro)
            case filterBlock([Application], body: [Statement])
            case with([(target: Target, value: Expression)], body: [Statement])
            case breakLoop
            case continueLoop
        }
    }

    struct Branch: Sendable {
        var condition: Expression
        var body: [Statement]
    }

    struct Loop: Sendable {
        var targets: [Target]
        var source: Expression
        var filter: Expression?
        var body: [Statement]
        var otherwise: [Statement]
        var isRecursive: Bool
    }

    /// What is assigned to: a name, an attribute of a namespace, or several of them.
    indirect enum Target: Sendable {
        case name(String)
        case attribute(String, String)
        case tuple([Target])
    }

    final class Macro: Sendable {
        let name: String
        let parameters: [(name: String, value: Expression?)]
        let body: [Statement]
        init(name: String, parameters: [(name: String, value: Expression?)], body: [Statement]) {
            self.name = name
            self.parameters = parameters
            self.body = body
        }
    }

    struct Arguments: Sendable {
        var positional: [Expression] = []
        var named: [(name: String, value: Expression)] = []
        /// `*list` and `**dict`.
        var spread: Expression?
        var namedSpread: Expression?
    }

    /// A filter or a test with its arguments.
    struct Application: Sendable {
        var name: String
        var arguments: Arguments
    }

    enum UnaryOperator: Sendable { case not, minus, plus }
    enum BinaryOperator: Sendable { case add, subtract, multiply, divide, floorDivide, modulo, power }
    enum Comparison: Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn, notIn }

    indirect enum Expression: Sendable {
        case none
        case bool(Bool)
        case integer(Int)
        case float(Double)
        case string(String)
        case name(String)
        case list([Expression])
        case tuple([Expression])
        case dict([(key: Expression, value: Expression)])
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
        case call(Expression, Arguments)
        case filter(Expression, Application)
        case test(Expression, Application)
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression)
        case compare(Expression, [(Comparison, Expression)])
        case and(Expression, Expression)
        case or(Expression, Expression)
        case concatenate([Expression])
        case conditional(Expression, then: Expression, otherwise: Expression?)
    }
}
