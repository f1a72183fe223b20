import JSON
import LaunchPlan

extension CheckedValue {
    /// As people write it; secrets are references.
    var json: JSON {
        switch self {
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .decimal(let millionths): Decimals.json(millionths)
        case .milliseconds(let value): .string(Quantity.text(milliseconds: value))
        case .bytes(let value): .string(Quantity.text(bytes: value))
        case .text(let text): .string(text)
        case .path(_, let written): .string(written)
        case .url(let url): .string(url.text)
        case .secret(.none), .none: .string("none")
        case .secret(.reference(let reference)): reference.json
        case .processors(let numbers): .string(ProcessorList.text(numbers))
        case .names(let names): .array(names.map { .string($0.text) })
        case .texts(let texts): .array(texts.map { .string($0) })
        case .arguments(let list): .array(list.map { .string($0) })
        case .variables(let values): .object(JSONObject(values.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value.json) }))
        case .members(let json): json
        case .section(let section): section.json
        case .list(let sections): .array(sections.map(\.json))
        case .named(let named): .object(JSONObject(named.elements.map { .init(key: $0.name, value: $0.section.json) }))
        }
    }
}

extension Section {
    fileprivate var json: JSON {
        .object(JSONObject(scope.keys.compactMap { spec in fields[spec.name].map { .init(key: spec.name, value: $0.value.json) } }))
    }
}

extension SecretReference {
    fileprivate var json: JSON {
        switch self {
        case .env(let name): ["env": .string(name)]
        case .file(let path): ["file": .string(path.written)]
        case .credential(let name): ["credential": .string(name)]
        }
    }
}

extension PlanPath {
    /// As a file may say it.
    fileprivate var written: String {
        switch self {
        case .absolute(let path): path
        case .rooted(.home, let path): path.isEmpty ? "~" : "~/\(path)"
        case .rooted(.config, let path): "./\(path)"
        case .rooted: description
        }
    }
}

extension PlanValue {
    fileprivate var json: JSON {
        switch self {
        case .text(let text): .string(text)
        case .path(let path): .string(path.description)
        case .secret(let reference): reference.json
        case .joined(let parts): .array(parts.map(\.json))
        }
    }
}
