/// What a program that is not ours keeps on the disk and neither writes whole nor checks when it reads it.
///
/// Before each start the supervisor removes from it what a kill left half written, and all of it where it was made with another model;
/// what is lost is said.
public struct KeptStore: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// The home of an MLX-Textgen 0.2: below it `.cache/mlx_textgen/prompt_cache/<model>/` with an index and a file for each prompt.
        case mlxTextgen = "mlx-textgen"
    }
    public var kind: Kind
    public var path: PlanPath
    /// The folder of the model whose keys and values are kept; nil where it is not on this disk.
    public var model: PlanPath?

    public init(kind: Kind, path: PlanPath, model: PlanPath?) {
        self.kind = kind
        self.path = path
        self.model = model
    }
}
