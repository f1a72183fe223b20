extension ProxySettings {
    /// What becomes of pictures in a conversation.
    public enum Images: String, Codable, Sendable, CaseIterable {
        /// The model sees them.
        case sent
        /// The model cannot see: it is told in words that there was one, its format and size.
        case described
    }
}
