import LaunchPlan

/// What a key takes. One case is one form of values for the checker, the schema and the explanations alike.
indirect enum ValueType: Sendable {
    case boolean
    case integer(ClosedRange<Int>)
    /// A number with at most six digits behind the point, within a range of millionths; a decimal text in the plan.
    case decimal(ClosedRange<Int>)
    /// Any text that is not empty.
    case string
    /// Any text.
    case prose
    case choice([Choice])
    /// `300s`; milliseconds in the plan.
    case duration(ClosedRange<Int>)
    /// A duration, or an integer of milliseconds as the earlier tool wrote it.
    case milliseconds(ClosedRange<Int>)
    /// `40GiB`; bytes in the plan.
    case size(ClosedRange<Int>)
    case path
    case url
    case host
    /// The name of an instance or a backend.
    case name
    /// The path of an HTTP request.
    case httpPath
    /// `{ env: NAME }`, `{ file: PATH }`, `{ credential: NAME }`, or one of the texts that mean none.
    case secret
    /// Numbers of processors, as `0-3,6`.
    case processors
    /// A list of names.
    case names
    /// A list of texts; it may be empty.
    case texts
    /// A program and its arguments.
    case arguments
    /// Variables of a process: texts or secrets.
    case variables
    case section(Scope)
    case list(Scope)
    /// Sections by names that the user chooses.
    case named(Scope)
    /// `none`, or a section.
    case optional(Scope)
    /// A list of other configurations; read with the files, before anything is checked.
    case files
    /// A mapping of another program's own words.
    case members
    /// Not looked at.
    case anything
}

/// One word of a choice and the older words that mean the same.
struct Choice: Sendable {
    var name: String
    var aliases: [String]
    var doc: String

    init(_ name: String, _ doc: String, aliases: [String] = []) {
        self.name = name
        self.doc = doc
        self.aliases = aliases
    }
}

/// A mapping whose keys are known.
struct Scope: Sendable {
    /// As messages say it: `a backend`.
    var name: String
    var keys: [KeySpec]

    init(_ name: String, keys: [KeySpec]) {
        self.name = name
        self.keys = keys
    }

    /// The key that `text` names, canonical or not.
    func key(_ text: String) -> KeySpec? {
        // By bytes, most told apart by their number: names are ASCII, and comparing other texts is slow.
        let count = text.utf8.count
        func isSame(_ name: String) -> Bool { name.utf8.count == count && name.utf8.elementsEqual(text.utf8) }
        // By index: a row is large, and would be copied to be looked at.
        return keys.indices.first { isSame(keys[$0].name) || keys[$0].aliases.contains(where: isSame) }.map { keys[$0] }
    }
}
