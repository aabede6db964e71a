using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A model that takes the elements of all requests of a run in one dimension, and beside them how they are spread, as Triton's ragged batches are.</summary>
internal sealed class RaggedInstance : InstanceWrapper
{
    private const int Made = -1;
    private readonly ModelSettings _settings;

    // Per input of the model its place in a request, or that it is made here.
    private readonly int[] _places;
    private readonly (BatchInput Input, int Source)?[] _made;

    // Per output, where it goes to requests by the shape of an input: that shape, and the input's place in a request.
    private readonly (BatchOutput Output, int Source)?[] _scattered;

    private RaggedInstance(IModelInstance inner, ModelSettings settings)
        : base(inner)
    {
        _settings = settings;
        var (model, requests) = (inner.Signature.Inputs, new List<TensorSpec>());
        _places = new int[model.Count];
        for (var index = 0; index < _places.Length; index++)
        {
            var spec = model[index];
            _places[index] = settings.BatchInputs.Any(made => made.Name == spec.Name) ? Made : requests.Count;
            if (_places[index] != Made)
            {
                requests.Add(settings.RaggedInputs.TryGetValue(spec.Name, out var shape) ? spec with { Shape = shape, IsAnyRank = false, IsRagged = true } : spec);
            }
        }

        _made = [.. model.Select(spec => settings.BatchInputs.FirstOrDefault(made => made.Name == spec.Name) is { } made
            ? ((BatchInput, int)?)(made, requests.FindIndex(request => request.Name == made.Source))
            : null)];
        _scattered = [.. inner.Signature.Outputs.Select(spec => settings.BatchOutputs.FirstOrDefault(scattered => scattered.Name == spec.Name) is { } scattered
            ? ((BatchOutput, int)?)(scattered, requests.FindIndex(request => request.Name == scattered.Source))
            : null)];
        Signature = new ModelSignature(requests, [.. inner.Signature.Outputs.Select((spec, index) => _scattered[index] is { } scattered ? spec with { Shape = scattered.Output.Shape, IsAnyRank = false } : spec)])
        {
            IsBatchable = true,
        };
    }

    public override ModelSignature Signature { get; }

    /// <summary>The instance as callers see it; itself where no input is ragged.</summary>
    public static IModelInstance Wrap(IModelInstance instance, ModelSettings settings) => settings.RaggedInputs.Count == 0 ? instance : new RaggedInstance(instance, settings);

    protected override IModelInstance Wrap(IModelInstance instance) => new RaggedInstance(instance, _settings);

    protected override TensorBuffer[] ToModel(ReadOnlySpan<TensorBuffer> inputs)
    {
        var model = new TensorBuffer[_places.Length];
        for (var index = 0; index < model.Length; index++)
        {
            if (_made[index] is { } made)
            {
                model[index] = Make(made.Input, inputs[made.Source]);
            }
            else if (inputs[_places[index]] is { } input)
            {
                model[index] = Signature.Inputs[_places[index]].IsRagged ? input.Reshape([input.ElementCount]) : input;
            }
        }

        return model;
    }

    protected override TensorBuffer[] ToAnswer(TensorBuffer[] outputs, ReadOnlySpan<TensorBuffer> inputs)
    {
        for (var index = 0; index < outputs.Length; index++)
        {
            if (_scattered[index] is { } scattered)
            {
                outputs[index] = Scatter(scattered.Output, outputs[index], inputs[scattered.Source]);
            }
        }

        return outputs;
    }

    private static TensorBuffer Scatter(BatchOutput scattered, TensorBuffer output, TensorBuffer source)
    {
        long[][] shapes = [.. (source.Parts ?? [source.Shape.ToArray()]).Select(shape => scattered.Shape.Select((size, axis) => size == -1 ? shape[axis] : size).ToArray())];
        return shapes.Sum(static shape => CountOf(shape)) != output.ElementCount
            ? throw new ServingException(
                ServingError.BackendFailed, $"The output '{scattered.Name}' came from the model with {output.ElementCount} elements; the shapes of the input '{scattered.Source}' ask for {shapes.Sum(static shape => CountOf(shape))}.")
            : source.Parts is null ? output.Reshape(shapes[0]) : output.Reshape([output.ElementCount]).WithParts(shapes);
    }

    private static long CountOf(long[] shape) => shape.Aggregate(1L, static (product, size) => product * size);

    private static TensorBuffer Make(BatchInput made, TensorBuffer source)
    {
        // A request that is alone was not joined with any.
        var shapes = source.Parts ?? [source.Shape.ToArray()];
        var counts = shapes.Select(CountOf).ToArray();
        return made.Kind switch
        {
            BatchInputKind.ElementCount => Write(made.Dtype, counts),
            BatchInputKind.AccumulatedElementCount => Write(made.Dtype, Accumulate(counts)),
            BatchInputKind.AccumulatedElementCountWithZero => Write(made.Dtype, [0, .. Accumulate(counts)]),
            BatchInputKind.MaxElementCountAsShape => Write(made.Dtype, new long[counts.Max()]),
            BatchInputKind.ItemShape => Write(made.Dtype, ItemShapes(shapes)).Reshape([shapes.Sum(static shape => shape[0]), shapes[0].Length - 1]),
            _ => Write(made.Dtype, ItemShapes(shapes)),
        };
    }

    private static long[] ItemShapes(IEnumerable<long[]> shapes) => [.. shapes.SelectMany(static shape => Enumerable.Repeat(shape, (int)shape[0])).SelectMany(static shape => shape.Skip(1))];

    private static IEnumerable<long> Accumulate(IEnumerable<long> counts)
    {
        var sum = 0L;
        foreach (var count in counts)
        {
            yield return sum += count;
        }
    }

    private static TensorBuffer Write(TensorDtype dtype, IEnumerable<long> values)
    {
        var bytes = dtype == TensorDtype.Float32
            ? MemoryMarshal.AsBytes<float>([.. values.Select(static value => (float)value)]).ToArray()
            : MemoryMarshal.AsBytes<int>([.. values.Select(static value => checked((int)value))]).ToArray();
        return TensorBuffer.Of(dtype, [bytes.Length / sizeof(int)], bytes);
    }
}
