using System.Buffers.Binary;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Client;

/// <summary>One caller's rows on their way through an <see cref="InferenceBatcher"/>.</summary>
internal sealed class BatchedCall
{
    public BatchedCall(IReadOnlyList<WireTensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        Inputs = inputs;
        Rows = inputs.Count > 0 && inputs[0].Shape is [var rows, ..] && rows is >= 1 and <= int.MaxValue ? (int)rows : 0;
        if (Rows == 0 || inputs.Any(input => input.Shape.Count == 0 || input.Shape[0] != Rows))
        {
            throw new ArgumentException(
                $"The inputs are {string.Join(", ", inputs.Select(static input => $"'{input.Name}' [{string.Join(", ", input.Shape)}]"))}; expected one or more rows on the first axis, equally many on each.", nameof(inputs));
        }
    }

    public IReadOnlyList<WireTensor> Inputs { get; }

    public int Rows { get; }

    public CancellationToken CancellationToken { get; private set; }

    public TaskCompletionSource<IReadOnlyList<WireTensor>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>From now on the token ends it, and its owner hears of its end.</summary>
    public void Register(InferenceBatcher owner, CancellationToken cancellationToken)
    {
        CancellationToken = cancellationToken;
        var registration = cancellationToken.UnsafeRegister(static (state, token) => ((BatchedCall)state!).Completion.TrySetCanceled(token), this);
        _ = Completion.Task.ContinueWith(
            _ =>
            {
                registration.Dispose();
                owner.OnEnded();
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    /// <summary>Whether the tensors agree in all but their rows.</summary>
    public bool CanJoin(BatchedCall other)
    {
        if (Inputs.Count != other.Inputs.Count)
        {
            return false;
        }

        for (var index = 0; index < Inputs.Count; index++)
        {
            var (mine, its) = (Inputs[index], other.Inputs[index]);
            if (mine.Name != its.Name || mine.Datatype != its.Datatype || !mine.Shape.Skip(1).SequenceEqual(its.Shape.Skip(1)))
            {
                return false;
            }
        }

        return true;
    }

    public static IReadOnlyList<WireTensor> Join(List<BatchedCall> batch)
    {
        var rows = batch.Sum(static call => (long)call.Rows);
        return
        [
            .. batch[0].Inputs.Select((first, index) =>
            {
                var data = new byte[batch.Sum(call => call.Inputs[index].Data.Length)];
                var position = 0;
                foreach (var call in batch)
                {
                    call.Inputs[index].Data.Span.CopyTo(data.AsSpan(position));
                    position += call.Inputs[index].Data.Length;
                }

                return first with { Shape = [rows, .. first.Shape.Skip(1)], Data = data };
            }),
        ];
    }

    /// <summary>Gives each its rows.</summary>
    /// <returns><see langword="false"/>: an output does not have the rows of all, so that nobody can say whose are whose.</returns>
    public static bool TryPart(List<BatchedCall> batch, IReadOnlyList<WireTensor> outputs)
    {
        var rows = batch.Sum(static call => (long)call.Rows);
        if (outputs.Any(output => output.Shape.Count == 0 || output.Shape[0] != rows))
        {
            return false;
        }

        var offsets = new int[outputs.Count];
        foreach (var call in batch)
        {
            var parts = new WireTensor[outputs.Count];
            for (var index = 0; index < parts.Length; index++)
            {
                var output = outputs[index];
                long[] shape = [call.Rows, .. output.Shape.Skip(1)];
                var length = LengthOf(output, offsets[index], shape, call.Rows, rows);
                parts[index] = output with { Shape = shape, Data = output.Data.Slice(offsets[index], length) };
                offsets[index] += length;
            }

            call.Completion.TrySetResult(parts);
        }

        return true;
    }

    private static int LengthOf(WireTensor output, int offset, long[] shape, int rows, long allRows)
    {
        if (output.Datatype != TensorDatatype.Bytes)
        {
            return (int)(output.Data.Length / allRows * rows);
        }

        // Each element says how long it is; the codec has checked them.
        var position = offset;
        for (var left = shape.Aggregate(1L, static (product, size) => product * size); left > 0; left--)
        {
            position += sizeof(uint) + (int)BinaryPrimitives.ReadUInt32LittleEndian(output.Data.Span[position..]);
        }

        return position - offset;
    }
}
