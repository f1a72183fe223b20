import Diagnostics
import LaunchPlan

/// Puts flags and variables before what the file says.
struct OverrideApplication {
    /// A value that a flag or variable gave.
    struct Applied: Sendable {
        /// The canonical names that lead to the key.
        var path: [String]
        var value: CheckedValue
        var origin: Origin
    }

    private(set) var file: Section
    /// In the order in which they were applied: a later one goes before an earlier one.
    private(set) var applied: [Applied] = []
    private(set) var diagnostics: [Diagnostic] = []

    init(_ file: Section) { self.file = file }

    mutating func apply(_ overrides: Overrides) {
        let mode = overrides.flags.last { $0.key == FileKeys.backend.name }
        for variable in EnvironmentVariables.table {
            guard var text = overrides.environment[variable.name], !text.isEmpty else { continue }
            if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { text += variable.unit }
            switch variable.target {
            case .key(let key): set(key, text, origin: .variable(variable.name), name: "$\(variable.name)", isSecret: variable.isSecret)
            case .backend(let names, let key):
                guard let backend = target(names, mode: mode?.value) else { continue }
                set("backends.\(backend).\(key)", text, origin: .variable(variable.name), name: "$\(variable.name)", isSecret: variable.isSecret)
            }
        }
        for variable in EnvironmentVariables.unused where overrides.environment[variable.name]?.isEmpty == false {
            diagnostics.append(Diagnostic(.unusedVariable, "$\(variable.name) changes nothing here: \(variable.reason)"))
        }
        for flag in overrides.flags { set(flag.key, flag.value, origin: .flag(flag.flag), name: flag.flag, isSecret: false) }
    }

    /// The backend that variables for `names` mean: the active one where it is of their kind, else that of the first name that is declared
    /// (the order of the file says nothing), else the only one of their kind, else one that a route leads to without a declaration.
    private func target(_ names: [String], mode: String?) -> String? {
        let elements = file[FileKeys.backends]?.elements ?? []
        let kind = names.first.flatMap { BackendKind(name: $0) }
        let ofKind = elements.filter { $0.section[BackendKeys.kind] == kind && kind != nil }.map(\.name)
        let active = mode ?? file[FileKeys.backend]
        if let active, names.contains(active) || ofKind.contains(active) { return active }
        if let declared = names.first(where: { name in elements.contains { $0.name == name } }) { return declared }
        if ofKind.count == 1 { return ofKind[0] }
        return file[FileKeys.routes]?.compactMap { $0[RouteKeys.to] }.first { names.contains($0) }
    }

    private mutating func set(_ key: String, _ text: String, origin: Origin, name: String, isSecret: Bool) {
        let components = key.split(separator: ".").map(String.init)
        do throws(ValueFault) {
            let secret: SecretReference? =
                if isSecret, case .variable(let variable) = origin { .env(name: variable) } else { nil }
            var path: [String] = []
            let value = try Self.set(components[...], in: &file, text: text, secret: secret, origin: origin, &path)
            applied.append(Applied(path: path, value: value, origin: origin))
        } catch {
            diagnostics.append(Diagnostic(.badOverride, "\(name): `\(key)` \(error.message)", notes: error.notes))
        }
    }

    /// - Parameter path: extended by the canonical names of `components`.
    private static func set(
        _ components: ArraySlice<String>, in section: inout Section, text: String, secret: SecretReference?, origin: Origin, _ path: inout [String]
    ) throws(ValueFault) -> CheckedValue {
        guard let first = components.first, let spec = section.scope.key(first) else { throw ValueFault(.badOverride, "is not a key") }
        let rest = components.dropFirst()
        path.append(spec.name)
        switch spec.type {
        case .section(let scope):
            guard !rest.isEmpty else { throw ValueFault(.badOverride, "is a section, not a value") }
            var inner = Section(scope)
            if case .section(let existing)? = section.fields[spec.name]?.value { inner = existing }
            let value = try set(rest, in: &inner, text: text, secret: secret, origin: origin, &path)
            section.set(spec.name, Checked(value: .section(inner), origin: section.fields[spec.name]?.origin ?? origin))
            return value
        case .named(let scope):
            guard let name = rest.first, rest.count > 1 else { throw ValueFault(.badOverride, "is a section, not a value") }
            var all = NamedSections()
            if case .named(let existing)? = section.fields[spec.name]?.value { all = existing }
            var inner = all[name] ?? Section(scope)
            path.append(name)
            let value = try set(rest.dropFirst(), in: &inner, text: text, secret: secret, origin: origin, &path)
            all[name] = inner
            section.set(spec.name, Checked(value: .named(all), origin: section.fields[spec.name]?.origin ?? origin))
            return value
        default:
            guard rest.isEmpty else { throw ValueFault(.badOverride, "is a value, not a section") }
            let value = try value(text, spec.type, secret)
            section.set(spec.name, Checked(value: value, origin: origin))
            return value
        }
    }

    private static func value(_ text: String, _ type: ValueType, _ secret: SecretReference?) throws(ValueFault) -> CheckedValue {
        switch type {
        case .boolean:
            guard let value = Checker.booleanWords[text.lowercased()] else { throw ValueFault(.notABoolean, "needs true or false") }
            return .bool(value)
        case .integer(let range):
            guard let value = Int(text) else { throw ValueFault(.wrongType, "needs an integer") }
            guard range.contains(value) else { throw ValueFault(.outOfRange, "is outside \(range.lowerBound)...\(range.upperBound)") }
            return .integer(value)
        case .secret:
            guard let secret else { throw ValueFault(.literalSecret, "takes no secret on the command line, where every user of the machine sees it") }
            return .secret(.reference(secret))
        case .names, .arguments, .variables, .list, .optional, .files: throw ValueFault(.badOverride, "can be set in the file only")
        default: return try TextValue.read(text, as: type)
        }
    }
}
