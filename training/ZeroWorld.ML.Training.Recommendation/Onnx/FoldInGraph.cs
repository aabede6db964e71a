using System.Numerics.Tensors;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>The fold-in of implicit ALS as ONNX: the least-squares system of a history, solved by conjugate gradients.</summary>
/// <remarks>
/// ONNX has no solver. The matrix is not formed: its product with a vector is that of the items' Gram matrix, of the history's items and of the regularisation (<see cref="AlsSolver"/>).
/// Preconditioned by the diagonal; so many steps as bring histories of every length to the direct solution within a tenth of what is tolerated
/// (Hestenes and Stiefel, "Methods of Conjugate Gradients for Solving Linear Systems", 1952).
/// </remarks>
internal static class FoldInGraph
{
    private const int StepsMax = 256;
    private const float Tiny = 1e-30f;

    internal static string Add(GraphWriter graph, FactorModel model, string history, string weights)
    {
        var (solver, stride) = (model.Solver, model.Stride);
        var items = graph.Constant(model.ItemFactors, model.ItemCount, stride);
        var matrix = solver.ToGram();
        var gram = graph.Constant(matrix, stride, stride);
        var rows = graph.Node("Gather", [items, history]);
        var marks = graph.Node("Unsqueeze", [weights, graph.Axes(2)]);
        var marked = graph.Node("Mul", [rows, marks]);
        var count = graph.Node("ReduceSum", [weights, graph.Axes(1)]);
        var penalty = graph.Node(
            "Mul",
            [graph.Node("Add", [count, graph.Constant([(float)(solver.Settings.UnobservedWeight * model.ItemCount)], 1)]), graph.Constant([(float)solver.Settings.Regularisation], 1)]);
        var diagonal = graph.Node(
            "Add", [graph.Node("Add", [SumOfPlaces(graph, graph.Node("Mul", [marked, rows])), graph.Constant(DiagonalOf(matrix, stride), 1, stride)]), penalty]);

        var solution = graph.ZerosLike(history, stride);
        var residual = SumOfPlaces(graph, marked);
        var scaled = graph.Node("Div", [residual, diagonal]);
        var direction = scaled;
        var rest = Dot(graph, residual, scaled);
        var (axis, tiny) = (graph.Axes(2), graph.Constant([Tiny], 1));
        var steps = StepsOf(model);
        for (var step = 0; step < steps; step++)
        {
            var along = graph.Node("MatMul", [marked, graph.Node("Unsqueeze", [direction, axis])]);
            var product = graph.Node(
                "Add",
                [
                    graph.Node("Add", [graph.Node("MatMul", [direction, gram]), SumOfPlaces(graph, graph.Node("Mul", [rows, along]))]),
                    graph.Node("Mul", [direction, penalty]),
                ]);
            var length = graph.Node("Div", [rest, graph.Node("Max", [Dot(graph, direction, product), tiny])]);
            solution = graph.Node("Add", [solution, graph.Node("Mul", [direction, length])]);
            if (step == steps - 1)
            {
                break;
            }

            residual = graph.Node("Sub", [residual, graph.Node("Mul", [product, length])]);
            scaled = graph.Node("Div", [residual, diagonal]);
            var next = Dot(graph, residual, scaled);
            direction = graph.Node("Add", [scaled, graph.Node("Mul", [direction, graph.Node("Div", [next, graph.Node("Max", [rest, tiny])])])]);
            rest = next;
        }

        return graph.ProductWithAll(solution, model.ItemFactors, stride);
    }

    /// <summary>Steps after which histories of every length are solved: drawn ones are tried.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: they do not converge, as of factors without regularisation.</exception>
    internal static int StepsOf(FactorModel model)
    {
        var random = new Random(7);
        var (gram, factors) = (model.Solver.ToGram(), model.ItemFactors.ToArray());
        var steps = 1;
        foreach (var length in (int[])[1, 1, 2, 3, 5, 8, 13, 20, 50, 100, 200])
        {
            var history = new int[Math.Min(length, model.ItemCount)];
            for (var place = 0; place < history.Length; place++)
            {
                history[place] = random.Next(model.ItemCount);
            }

            steps = Math.Max(steps, StepsOf(model, gram, factors, [.. history.Distinct()]));
        }

        // A margin for histories that were not tried.
        return Math.Min(StepsMax, steps + (steps / 4) + 2);
    }

    private static int StepsOf(FactorModel model, float[] gram, float[] factors, int[] history)
    {
        const float tolerated = 1e-5f;
        var (solver, stride) = (model.Solver, model.Stride);
        var exact = new float[stride];
        solver.Solve(history, exact, new float[stride * stride]);
        var wanted = new float[model.ItemCount];
        QueryScores.Of(model, exact, wanted);
        var scores = new float[wanted.Length];
        var run = new ConjugateGradients(solver, gram, factors, history);
        for (var step = 1; step <= StepsMax; step++)
        {
            run.Step();
            QueryScores.Of(model, run.Solution, scores);
            TensorPrimitives.Subtract(scores, wanted, scores);
            if (MathF.Abs(TensorPrimitives.MaxMagnitude<float>(scores)) <= tolerated)
            {
                return step;
            }
        }

        throw new TrainingException(
            TrainingError.UnsuitableData, $"The fold-in of a history with {history.Length} items does not converge in {StepsMax} steps, so that ONNX cannot express it; expected a larger regularisation.");
    }

    private static float[] DiagonalOf(float[] gram, int stride)
    {
        var diagonal = new float[stride];
        for (var axis = 0; axis < stride; axis++)
        {
            diagonal[axis] = gram[(axis * stride) + axis];
        }

        return diagonal;
    }

    private static string SumOfPlaces(GraphWriter graph, string values) => graph.Node("ReduceSum", [values, graph.Axes(1)], OnnxAttribute.Of("keepdims", 0L));

    private static string Dot(GraphWriter graph, string left, string right) => graph.Node("ReduceSum", [graph.Node("Mul", [left, right]), graph.Axes(1)]);
}
