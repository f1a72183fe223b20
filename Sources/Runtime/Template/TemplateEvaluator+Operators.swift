import Glibc

/// Operators, as Python applies them.
extension TemplateEvaluator {
    func unary(_ operation: TemplateSyntax.UnaryOperator, _ value: TemplateValue) throws(RuntimeError) -> TemplateValue {
        if operation == .not { return .bool(!value.isTrue) }
        try use(value)
        if let integer = value.integer, integer != .min { return .integer(operation == .minus ? -integer : integer) }
        if case .float(let number) = value { return .float(operation == .minus ? -number : number) }
        throw failure("bad operand type for unary \(operation == .minus ? "-" : "+"): '\(value.typeName)'")
    }

    func binary(
        _ operation: TemplateSyntax.BinaryOperator, _ left: TemplateValue, _ right: TemplateValue
    ) throws(RuntimeError) -> TemplateValue {
        try use(left)
        try use(right)
        if let result = try sequenceOperation(operation, left, right) { return result }
        if let left = left.integer, let right = right.integer { return try integerOperation(operation, left, right) }
        guard let leftNumber = left.number, let rightNumber = right.number else {
            throw failure("unsupported operand types for \(operation): '\(left.typeName)' and '\(right.typeName)'")
        }
        return .float(try floatOperation(operation, leftNumber, rightNumber))
    }

    private func sequenceOperation(
        _ operation: TemplateSyntax.BinaryOperator, _ left: TemplateValue, _ right: TemplateValue
    ) throws(RuntimeError) -> TemplateValue? {
        switch (operation, left, right) {
        case (.add, .string(let one), .string(let other)):
            try check(size: one.utf8.count + other.utf8.count)
            return .string(one + other)
        case (.add, .list(let one), .list(let other)):
            try check(size: one.count + other.count)
            return .list(one + other)
        case (.add, .tuple(let one), .tuple(let other)):
            try check(size: one.count + other.count)
            return .tuple(one + other)
        case (.multiply, .string(let text), _), (.multiply, _, .string(let text)):
            guard let count = left.integer ?? right.integer else { return nil }
            let (size, overflows) = text.utf8.count.multipliedReportingOverflow(by: max(count, 0))
            try check(size: overflows ? .max : size)
            return .string(String(repeating: text, count: max(count, 0)))
        case (.multiply, .list(let elements), _), (.multiply, _, .list(let elements)):
            guard let count = left.integer ?? right.integer else { return nil }
            let (size, overflows) = elements.count.multipliedReportingOverflow(by: max(count, 0))
            try check(size: overflows ? .max : size)
            return .list((0..<max(count, 0)).flatMap { _ in elements })
        case (.modulo, .string(let format), _):
            var values = [right]
            if case .tuple(let elements) = right { values = elements }
            return .string(try formatted(format, values))
        default: return nil
        }
    }

    private func integerOperation(_ operation: TemplateSyntax.BinaryOperator, _ left: Int, _ right: Int) throws(RuntimeError) -> TemplateValue {
        let (value, overflows): (Int, Bool)
        switch operation {
        case .add: (value, overflows) = left.addingReportingOverflow(right)
        case .subtract: (value, overflows) = left.subtractingReportingOverflow(right)
        case .multiply: (value, overflows) = left.multipliedReportingOverflow(by: right)
        case .divide:
            guard right != 0 else { throw failure("division by zero") }
            return .float(Double(left) / Double(right))
        case .floorDivide, .modulo:
            guard right != 0 else { throw failure("division by zero") }
            guard !(left == .min && right == -1) else { throw failure("an integer beyond 64 bits") }
            let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
            let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
            if operation == .modulo { return .integer(isBelow ? remainder + right : remainder) }
            return .integer(isBelow ? quotient - 1 : quotient)
        case .power:
            guard right >= 0 else { return .float(try floatOperation(.power, Double(left), Double(right))) }
            guard right < 64 || (-1...1).contains(left) else { throw failure("an integer beyond 64 bits") }
            var result = 1
            for _ in 0..<(right > 64 ? 64 + right % 2 : right) {
                let (product, overflow) = result.multipliedReportingOverflow(by: left)
                guard !overflow else { throw failure("an integer beyond 64 bits") }
                result = product
            }
            return .integer(result)
        }
        guard !overflows else { throw failure("an integer beyond 64 bits") }
        return .integer(value)
    }

    private func floatOperation(_ operation: TemplateSyntax.BinaryOperator, _ left: Double, _ right: Double) throws(RuntimeError) -> Double {
        switch operation {
        case .add: return left + right
        case .subtract: return left - right
        case .multiply: return left * right
        case .divide, .floorDivide, .modulo:
            guard right != 0 else { throw failure("division by zero") }
            let floor = (left / right).rounded(.down)
            return operation == .divide ? left / right : operation == .floorDivide ? floor : left - floor * right
        case .power: return pow(left, right)
        }
    }

    func compare(_ comparison: TemplateSyntax.Comparison, _ left: TemplateValue, _ right: TemplateValue) throws(RuntimeError) -> Bool {
        switch comparison {
        case .equal: return left.equals(right)
        case .notEqual: return !left.equals(right)
        case .isIn: return try contains(right, left)
        case .notIn: return try !contains(right, left)
        case .less: return try order(left, right) < 0
        case .lessOrEqual: return try order(left, right) <= 0
        case .greater: return try order(left, right) > 0
        case .greaterOrEqual: return try order(left, right) >= 0
        }
    }

    /// Negative, zero or positive as `left` comes before, with or after `right`.
    func order(_ left: TemplateValue, _ right: TemplateValue) throws(RuntimeError) -> Int {
        try use(left)
        try use(right)
        if let left = left.integer, let right = right.integer { return left < right ? -1 : left > right ? 1 : 0 }
        if let left = left.number, let right = right.number { return left < right ? -1 : left > right ? 1 : 0 }
        switch (left, right) {
        case (.string(let one), .string(let other)):
            // The order of UTF-8 is that of code points.
            return one.utf8.lexicographicallyPrecedes(other.utf8) ? -1 : one.utf8.elementsEqual(other.utf8) ? 0 : 1
        case (.list(let one), .list(let other)), (.tuple(let one), .tuple(let other)):
            for (left, right) in zip(one, other) where !left.equals(right) { return try order(left, right) }
            return one.count - other.count
        default: throw failure("'<' is not supported between '\(left.typeName)' and '\(right.typeName)'")
        }
    }

    func contains(_ container: TemplateValue, _ element: TemplateValue) throws(RuntimeError) -> Bool {
        switch container {
        case .string(let text):
            guard let part = element.stringValue else { throw failure("'in <string>' requires a string, not \(element.typeName)") }
            try check(size: text.utf8.count)
            return PythonText.firstRange(of: Array(part.utf8), in: Array(text.utf8), from: 0) != nil
        case .dict(let dict): return dict[element] != nil
        case .undefined: return false
        default:
            let elements = try iterate(container)
            try check(size: elements.count)
            return elements.contains { $0.equals(element) }
        }
    }
}
