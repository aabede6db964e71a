using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>What every <see cref="IModelRuntime"/> does alike.</summary>
public abstract class ModelRuntimeContract : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<TensorDtype> Dtypes =>
    [
        TensorDtype.Bool, TensorDtype.UInt8, TensorDtype.Int8, TensorDtype.Int16, TensorDtype.Int32, TensorDtype.Int64,
        TensorDtype.Float16, TensorDtype.BFloat16, TensorDtype.Float32, TensorDtype.Float64,
    ];

    protected abstract IModelRuntime Runtime { get; }

    /// <summary>Where the models run.</summary>
    protected virtual string Device => "cpu";

    /// <summary>Name of the model file.</summary>
    protected abstract string ModelFile { get; }

    [Fact]
    public void Run_Rows_GivesWhatTheModelComputes()
    {
        using var instance = Open(ContractModel.Affine);

        var output = Assert.Single(instance.Run([TensorBuffer.OfFloat32([2, 3], [0, 1, 2, -1, float.PositiveInfinity, float.NaN])]));

        Assert.Equal([2, 3], output.Shape.ToArray());
        Assert.Equal([1f, 3f, 5f, -1f, float.PositiveInfinity, float.NaN], output.AsSpan<float>().ToArray());
    }

    [Fact]
    public void Run_SizesThatChange_GivesTheirShapes()
    {
        using var instance = Open(ContractModel.Affine);

        foreach (var rows in (int[])[1, 64, 0, 3, 1])
        {
            var output = Assert.Single(instance.Run([TensorBuffer.OfFloat32([rows, 3], new float[rows * 3])]));
            Assert.Equal([rows, 3], output.Shape.ToArray());
            Assert.All(output.AsSpan<float>().ToArray(), static value => Assert.Equal(1f, value));
        }
    }

    [Fact]
    public void Run_SeveralInputsAndOutputs_KeepsTheirOrder()
    {
        using var instance = Open(ContractModel.SumAndDifference);

        var outputs = instance.Run([Int64(5, long.MaxValue), Int64(3, 1)]);

        Assert.Equal([8, long.MinValue], outputs[0].AsSpan<long>().ToArray());
        Assert.Equal([2, long.MaxValue - 1], outputs[1].AsSpan<long>().ToArray());
        Assert.Equal(["a", "b"], instance.Signature.Inputs.Select(static spec => spec.Name));
        Assert.Equal(["sum", "difference"], instance.Signature.Outputs.Select(static spec => spec.Name));
    }

    [Theory]
    [MemberData(nameof(Dtypes))]
    public void Run_EveryDtype_KeepsEveryBit(TensorDtype dtype)
    {
        using var instance = Open(ContractModel.Identity(dtype, -1, 2));
        var data = new byte[3 * 2 * dtype.Width()];
        new Random(1).NextBytes(data);
        if (dtype == TensorDtype.Bool)
        {
            data = [.. data.Select(static value => (byte)(value & 1))];
        }

        var output = Assert.Single(instance.Run([TensorBuffer.Of(dtype, [3, 2], data)]));

        Assert.Equal(dtype, output.Dtype);
        Assert.Equal(data, output.Data.ToArray());
    }

    [Fact]
    public void Run_Scalar_GivesAScalar()
    {
        using var instance = Open(ContractModel.Identity(TensorDtype.Float64));

        var output = Assert.Single(instance.Run([TensorBuffer.Of(TensorDtype.Float64, [], BitConverter.GetBytes(2.5))]));

        Assert.Equal(0, output.Shape.Length);
        Assert.Equal(2.5, BitConverter.ToDouble(output.Data.Span));
    }

    [Fact]
    public virtual void Run_BadInput_FailsAloneWithASentence()
    {
        using var instance = Open(ContractModel.Gather);
        var values = TensorBuffer.OfFloat32([2], [10, 20]);

        var exception = Assert.Throws<ServingException>(() => instance.Run([values, Int64(9)]));
        var output = Assert.Single(instance.Run([values, Int64(1)]));

        Assert.Equal(ServingError.BackendFailed, exception.Error);
        Assert.StartsWith("The model failed on this request: ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.Equal([20f], output.AsSpan<float>().ToArray());
    }

    [Fact]
    public async Task Run_FromManyThreadsInTurn_GivesTheSame()
    {
        using var instance = Open(ContractModel.Affine);
        var gate = new Lock();

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(index => Task.Run(() =>
        {
            lock (gate)
            {
                return instance.Run([TensorBuffer.OfFloat32([1, 3], [index, index, index])])[0].AsSpan<float>()[0];
            }
        })));

        Assert.Equal(Enumerable.Range(0, 16).Select(static index => (2f * index) + 1), results);
    }

    [Fact]
    public void Run_OutputsOfEarlierRuns_StayAsTheyWere()
    {
        using var instance = Open(ContractModel.Affine);

        var first = instance.Run([TensorBuffer.OfFloat32([1, 3], [1, 1, 1])])[0];
        instance.Run([TensorBuffer.OfFloat32([1, 3], [5, 5, 5])]);

        Assert.Equal([3f, 3f, 3f], first.AsSpan<float>().ToArray());
    }

    [Fact]
    public void Open_SettingsThatDeclareRows_IsBatchable()
    {
        using var rows = Open(ContractModel.Affine, RowAxis.Declared);
        using var none = Open(ContractModel.Affine, RowAxis.None);

        Assert.True(rows.Signature.IsBatchable);
        Assert.False(none.Signature.IsBatchable);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(int.MaxValue)]
    public void Open_FileThatBreaksOff_IsRefusedWithItsName(int length)
    {
        var path = Write(ContractModel.Affine);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..Math.Min(length, bytes.Length - 20)]);

        var exception = Assert.Throws<ServingException>(() => Open(path, ContractModel.Affine));

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains($"'{ModelFile}'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_BytesFlippedAnywhere_IsRefusedOrRuns()
    {
        var path = Write(ContractModel.Affine);
        var bytes = File.ReadAllBytes(path);
        var random = new Random(7);
        for (var round = 0; round < 100; round++)
        {
            var broken = (byte[])bytes.Clone();
            for (var flip = 0; flip < 3; flip++)
            {
                broken[random.Next(broken.Length)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(path, broken);
            try
            {
                Open(path, ContractModel.Affine).Dispose();
            }
            catch (ServingException exception)
            {
                Assert.Equal(ServingError.ModelRefused, exception.Error);
            }
        }
    }

    [Fact]
    public void Open_DeviceThatIsNotThere_IsRefusedWithTheWayOut()
    {
        var path = Write(ContractModel.Affine);

        var exception = Assert.Throws<ServingException>(() => Open(path, ContractModel.Affine, device: "cuda:63"));

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains(Runtime.DeviceKinds.Contains("cuda") ? "63" : "-p:Accelerator=cuda", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract void Write(string path, ContractModel model);

    protected static TensorBuffer Int64(params long[] values) => TensorBuffer.Of(TensorDtype.Int64, [values.Length], MemoryMarshal.AsBytes<long>(values).ToArray());

    private string Write(ContractModel model)
    {
        var path = _folder.Combine(ModelFile);
        Write(path, model);
        return path;
    }

    protected IModelInstance Open(ContractModel model, RowAxis rows = RowAxis.FromFile) => Open(Write(model), model, rows);

    private IModelInstance Open(string path, ContractModel model, RowAxis rows = RowAxis.FromFile, string? device = null)
    {
        var manifest = new ModelManifest
        {
            Format = 1,
            Project = "default",
            Name = "test",
            Runtime = Runtime.Name,
            Files = new Dictionary<string, PackageFile>(),
            ModelFile = ModelFile,
            Inputs = [],
            Outputs = [],
            Golden = null,
            Lineage = new ModelLineage { CreatedTime = DateTimeOffset.UnixEpoch },
        };
        var settings = new ModelSettings { RowAxis = rows, Inputs = model.Inputs, Outputs = model.Outputs };
        return Runtime.Open(new ModelPackage(Path.GetDirectoryName(path)!, manifest, "test") { Settings = settings }, device ?? Device);
    }
}
