/// The release that all four programs belong to.
public enum Version {
    public static let current = "0.1.0"
}
