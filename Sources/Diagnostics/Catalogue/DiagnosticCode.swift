/// The stable name of a kind of finding. Numbers are never changed or used again.
///
/// The first two digits are the stage: 00 files, 01 YAML and the limits of both syntaxes, 02 JSON, 03 shape, 04 values,
/// 05 cross-references, 06 environment and secrets, 07 deprecation, 08 pitfalls, 09 plan and apply, 99 internal.
public enum DiagnosticCode: String, Sendable, CaseIterable {
    case noFile = "AC0001"
    case unreadableFile = "AC0002"
    case notAFile = "AC0003"
    case fileTooLarge = "AC0004"
    case shadowedFile = "AC0005"

    case yamlSyntax = "AC0101"
    case tabIndentation = "AC0102"
    case unquotedColon = "AC0103"
    case reservedIndicator = "AC0104"
    case indentation = "AC0105"
    case unclosedCollection = "AC0106"
    case forbiddenCharacter = "AC0107"
    case notUTF8 = "AC0108"
    case keyTooLong = "AC0109"
    case aliasExpansion = "AC0110"
    case tooDeep = "AC0111"
    case aliasCycle = "AC0112"
    case unknownAlias = "AC0113"
    case unknownTag = "AC0114"
    case notRepresentable = "AC0115"
    case emptyFile = "AC0116"
    case severalDocuments = "AC0117"
    case unclosedQuote = "AC0118"
    case unknownEscape = "AC0119"
    case tooLarge = "AC0120"
    case missingColon = "AC0121"

    case jsonSyntax = "AC0201"
    case trailingComma = "AC0202"
    case jsonComment = "AC0203"
    case singleQuotes = "AC0204"

    case unknownKey = "AC0301"
    case duplicateKey = "AC0302"
    case notAMapping = "AC0303"
    case missingKey = "AC0304"
    case mergeConflict = "AC0305"
    case invalidMerge = "AC0306"
    case wrongType = "AC0310"
    case notABoolean = "AC0311"
    case ambiguousInteger = "AC0312"
    case notAnInteger = "AC0313"

    case outOfRange = "AC0401"
    case badName = "AC0402"
    case unknownChoice = "AC0403"
    case badURL = "AC0404"
    case missingUnit = "AC0405"
    case badQuantity = "AC0406"
    case emptyValue = "AC0407"
    case badHost = "AC0408"
    case badPath = "AC0409"
    case badProbe = "AC0410"
    case unsupportedKind = "AC0411"

    case sameListener = "AC0501"
    case unknownBackend = "AC0502"
    case disabledBackend = "AC0503"
    case badRouteTarget = "AC0504"
    case portMismatch = "AC0505"
    case openListener = "AC0506"
    case cacheBeyondContext = "AC0507"
    case overlapImpossible = "AC0508"
    case engineNeeds = "AC0509"
    case engineOnRemoteKind = "AC0510"
    case unreachableRoute = "AC0511"

    case interpolation = "AC0602"
    case literalSecret = "AC0603"
    case badOverride = "AC0604"

    case deprecatedKey = "AC0701"
    case deprecatedName = "AC0702"
    case unusedKey = "AC0703"

    case yesNoWord = "AC0801"
    case missingSpace = "AC0802"
    case withoutEffect = "AC0804"

    case internalError = "AC9901"
}

/// What `anyclaude explain CODE` shows.
public struct CodePage: Sendable {
    public var severity: Diagnostic.Severity
    /// The kind of finding, without values that vary.
    public var title: String
    /// What it means, and what to do.
    public var text: String

    init(_ severity: Diagnostic.Severity, _ title: String, _ text: String) {
        self.severity = severity
        self.title = title
        self.text = text
    }
}

extension DiagnosticCode {
    /// Every code has a page; a test holds that.
    public var page: CodePage {
        Catalogue.pages[self] ?? CodePage(.error, "unknown code", "This code has no page: that is a fault of the program.")
    }

    /// The page as a text for a terminal.
    public var explanation: String { "\(rawValue) (\(page.severity.rawValue)): \(page.title)\n\n\(page.text)\n" }
}
