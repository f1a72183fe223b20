/// Tools and system of a request by what the reader of its body knows them by, so that what is made of them is made once.
public struct HeadID: Hashable, Sendable {
    /// Numbers of the reader's own: equal only where the bytes were.
    public var tools: Int
    public var system: Int
    /// Of what they say, without breakpoints and attribution.
    public var digest: String

    public init(tools: Int, system: Int, digest: String) {
        self.tools = tools
        self.system = system
        self.digest = digest
    }
}
