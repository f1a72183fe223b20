import LaunchPlan

/// What MLX-Textgen 0.2.1 needs to serve an agent, and to compute anything where there is no Metal.
///
/// Its `wired_limit` asks MLX for a number that only Metal has, before each prompt; and a streamed answer in which the model begins a
/// call ends there. No version of any package differs, and Claude Code's answers are all streamed. Python runs a module named
/// `sitecustomize` of its path at each start: so the repair works with whatever program and interpreter the worker has, changes nothing
/// that is installed, and does nothing where the package is right.
enum MLXTextgenRepair {
    static func file(for worker: Worker) -> GeneratedFile {
        GeneratedFile(path: folder(for: worker).appending("sitecustomize.py"), contents: [.text(source)])
    }

    /// Where the worker's Python is to look first (PYTHONPATH).
    static func folder(for worker: Worker) -> PlanPath { .rooted(.runtime, "files/\(worker.name)") }

    private static let source = """
        \"\"\"Written by anyclaude before each start, for MLX-Textgen 0.2.1. Where the package is repaired, this does nothing.\"\"\"
        import contextlib
        import importlib.machinery
        import importlib.util
        import os
        import sys


        def without_metal(module):
            \"\"\"wired_limit() asks MLX for max_recommended_working_set_size, which only Metal has: every request would fail elsewhere.\"\"\"
            import mlx.core
            if not mlx.core.metal.is_available():
                module.wired_limit = lambda *arguments, **named: contextlib.nullcontext()


        # A streamed answer in which the model begins a call would end there: a list is compared with a word.
        WRONG, RIGHT = "[s for s in status if status == 'tool_call_start']", "[s for s in status if s == 'tool_call_start']"


        class Repair:
            \"\"\"Finds two modules as everybody does, and changes them when they are run.\"\"\"

            @staticmethod
            def find_spec(name, path=None, target=None):
                if name not in ("mlx_textgen.model_utils", "mlx_textgen.engine"):
                    return None
                spec = importlib.machinery.PathFinder.find_spec(name, path, target)
                if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
                    return spec
                run, source = spec.loader.exec_module, spec.loader.get_source(name)

                def exec_module(module):
                    if name == "mlx_textgen.engine" and WRONG in source:
                        exec(compile(source.replace(WRONG, RIGHT), spec.origin, "exec"), module.__dict__)
                    else:
                        run(module)
                    if name == "mlx_textgen.model_utils":
                        without_metal(module)

                spec.loader.exec_module = exec_module
                return spec


        sys.meta_path.insert(0, Repair)

        # This module stands before another of its name, which is run too.
        here = os.path.dirname(os.path.abspath(__file__))
        others = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]
        other = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
        if other is not None and other.loader is not None:
            other.loader.exec_module(importlib.util.module_from_spec(other))

        """
}
