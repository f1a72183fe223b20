/// Where the cached part of a prompt came from; `disk` as soon as any of it was read from there.
public enum CacheSource: String, Sendable, Equatable {
    case none, memory, disk
}
