/// What the reader of a request's body knows of its parts, so that what is made of them is made once.
public struct BodyParts: Sendable {
    /// Tools and system; nil where one of them is not kept.
    public var head: Head?
    /// A digest of what each message says, without breakpoints.
    public var messages: [String]

    public init(head: Head?, messages: [String]) {
        self.head = head
        self.messages = messages
    }

    /// Tools and system by numbers of the reader's own: equal only where their bytes were.
    public struct Head: Hashable, Sendable {
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
}
