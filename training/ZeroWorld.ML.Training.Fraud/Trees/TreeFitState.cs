using Microsoft.ML;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The parts of a fit that are done, in ML.NET's own format: what was read scores as what was fitted, bit for bit.</summary>
internal sealed class TreeFitState
{
    private readonly FitCheckpoint? _checkpoint;
    private readonly MLContext _context;
    private readonly List<byte[]> _saved = [];

    private TreeFitState(FitCheckpoint? checkpoint, MLContext context) => (_checkpoint, _context) = (checkpoint, context);

    internal List<ITransformer> Parts { get; } = [];

    /// <param name="partsMax">State with more parts is of another fit, and is not taken.</param>
    internal static TreeFitState Read(FitCheckpoint? checkpoint, MLContext context, int partsMax)
    {
        var state = new TreeFitState(checkpoint, context);
        if (checkpoint?.TryRead() is not { } bytes)
        {
            return state;
        }

        using var reader = new BinaryReader(new MemoryStream(bytes));
        var count = reader.ReadInt32();
        for (var part = 0; part < count && count <= partsMax; part++)
        {
            state._saved.Add(reader.ReadBytes(reader.ReadInt32()));
            state.Parts.Add(context.Model.Load(new MemoryStream(state._saved[^1]), out _));
        }

        return state;
    }

    internal void Add(ITransformer part, DataViewSchema schema)
    {
        Parts.Add(part);
        if (_checkpoint is null)
        {
            return;
        }

        using var model = new MemoryStream();
        _context.Model.Save(part, schema, model);
        _saved.Add(model.ToArray());
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(_saved.Count);
        foreach (var saved in _saved)
        {
            writer.Write(saved.Length);
            writer.Write(saved);
        }

        writer.Flush();
        _checkpoint.Write(stream.ToArray());
    }
}
