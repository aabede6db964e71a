using System.Diagnostics.CodeAnalysis;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Opens packages: finds their runtime and feature service, places them, loads them and checks that everything fits.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class PackageLoader(
    IEnumerable<IModelRuntime> runtimes, IFeatureServiceProvider services, MemoryBudget memory, ServableManagerOptions options)
{
    private readonly Dictionary<string, IModelRuntime> _runtimes = runtimes.ToDictionary(static runtime => runtime.Name, StringComparer.Ordinal);

    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>.</exception>
    public IModelRuntime GetRuntime(ModelManifest manifest) => manifest.Runtime == EnsembleRuntime.RuntimeName ? EnsembleRuntime.Shared : _runtimes.TryGetValue(manifest.Runtime, out var runtime)
        ? runtime
        : throw new ServingException(
            ServingError.ModelRefused,
            $"The model asks for the runtime '{manifest.Runtime}', and this server has {string.Join(", ", _runtimes.Keys.Order(StringComparer.Ordinal).Select(static name => $"'{name}'"))}.");

    /// <summary>Size of the package's files.</summary>
    public static long CountBytes(ModelPackage package) => package.Manifest.Files.Values.Sum(static file => file.Bytes);

    /// <summary>Takes the memory that the package is believed to need.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: it does not fit; <see cref="ServingError.ModelRefused"/>.</exception>
    public MemoryReservation Reserve(ModelPackage package) =>
        TryReserve(package, 0, out var reservation, out var refusal) ? reservation : throw new ServingException(ServingError.Overloaded, refusal);

    /// <summary>Takes the memory that the package needs, on the device that its settings name, or on one of those that its runtime can use.</summary>
    /// <param name="package">The package.</param>
    /// <param name="measuredBytes">What it took when it was loaded before; 0 when that is not known.</param>
    /// <param name="reservation">The memory.</param>
    /// <param name="refusal">Why it does not fit now.</param>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: it can never be placed here.</exception>
    public bool TryReserve(ModelPackage package, long measuredBytes, [NotNullWhen(true)] out MemoryReservation? reservation, [NotNullWhen(false)] out string? refusal)
    {
        var runtime = GetRuntime(package.Manifest);
        var bytes = measuredBytes > 0 ? measuredBytes : (long)(CountBytes(package) * options.MemoryFactor);
        DeviceKind[] kinds = [.. runtime.DeviceKinds.Select(static kind => kind == "cuda" ? DeviceKind.Cuda : DeviceKind.Cpu)];
        var request = new PlacementRequest(bytes) { Kinds = kinds };
        if (package.Settings.Device is { } wanted)
        {
            if (!DeviceId.TryParse(wanted, out var device) || !kinds.Contains(device.Kind) || memory.Snapshot().All(item => item.Device.Kind != device.Kind || (wanted != "cuda" && item.Device != device)))
            {
                throw new ServingException(
                    ServingError.ModelRefused,
                    $"The settings of the model '{package.Manifest.Name}' ask for the device '{wanted}'; this server has {string.Join(", ", memory.Snapshot().Select(static item => item.Device))} and its runtime '{runtime.Name}' runs on {string.Join(" and ", runtime.DeviceKinds)}.");
            }

            request = wanted == "cuda" ? new PlacementRequest(bytes) { Kinds = [DeviceKind.Cuda] } : new PlacementRequest(bytes) { Device = device };
        }

        return memory.TryPlace(request, out reservation, out refusal);
    }

    /// <summary>Begins to measure a load into memory that was reserved for it.</summary>
    public LoadMeter StartMeter(MemoryReservation reservation) => new(memory.Devices.Find(reservation.Device)!);

    /// <summary>Loads the package and checks it. The caller owns the instance.</summary>
    /// <param name="package">The package.</param>
    /// <param name="reservation">Where it goes. On a GPU it can take no more than this and what is free there now, however large its requests are.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.ModelRefused"/> with a sentence that names every difference; <see cref="ServingError.CorruptPackage"/>.
    /// </exception>
    public async Task<LoadedModel> LoadAsync(ModelPackage package, MemoryReservation reservation, CancellationToken cancellationToken)
    {
        var runtime = GetRuntime(package.Manifest);
        var device = reservation.Device.ToString();
        long? room = reservation.Device.Kind == DeviceKind.Cpu ? null : reservation.Bytes + memory.Snapshot().First(item => item.Device == reservation.Device).FreeBytes;
        var plan = await FindPlanAsync(package.Manifest, cancellationToken).ConfigureAwait(false);
        var golden = await ReadGoldenAsync(package, cancellationToken).ConfigureAwait(false);
        var tokenizer = await Task.Run(() => OpenTokenizer(package), cancellationToken).ConfigureAwait(false);

        // Opening a model blocks for as long as the engine takes: not on a thread that others wait for.
        var instance = await Task.Run(() => Open(runtime, package, device, room), cancellationToken).ConfigureAwait(false);
        try
        {
            // What lies in a folder has no manifest that could differ; its settings were fitted when it was opened.
            var differences = package.Manifest.Inputs.Count == 0 ? [] : PackageFit.FindDifferences(package.Manifest, instance.Signature, plan?.Service);
            if (differences.Count > 0)
            {
                throw new ServingException(
                    ServingError.ModelRefused, $"The package of model '{package.Manifest.Name}' does not fit: {string.Join("; ", differences)}.");
            }

            var padding = PaddingPlan.Of(package, instance.Signature);
            return new LoadedModel(package, runtime, instance, plan, golden) { Others = OpenOthers(package, runtime, instance, room), Padding = padding, Sequences = SequenceTensors.Of(package.Manifest.Name, package.Settings, instance.Signature), Tokenizer = tokenizer };
        }
        catch
        {
            instance.Dispose();
            throw;
        }
    }

    /// <returns><see langword="null"/> where no input takes tokens.</returns>
    private static TextTokenizer? OpenTokenizer(ModelPackage package)
    {
        if (!package.Manifest.Inputs.Any(static input => InputLayouts.AreTokens(input.Layout)))
        {
            return null;
        }

        try
        {
            var tokenizer = TextTokenizer.Open(package.Directory);
            var narrow = package.Manifest.Inputs.FirstOrDefault(input => InputLayouts.AreTokens(input.Layout) && input.Shape[1] > 0 && input.Shape[1] < tokenizer.Settings.LengthMax);
            return narrow is null
                ? tokenizer
                : throw new ServingException(
                    ServingError.ModelRefused, $"The input '{narrow.Tensor}' of model '{package.Manifest.Name}' takes {narrow.Shape[1]} tokens, and its tokenizer makes up to {tokenizer.Settings.LengthMax} (length_max).");
        }
        catch (FeatureException exception)
        {
            throw new ServingException(ServingError.ModelRefused, $"The package of model '{package.Manifest.Name}' has no tokenizer that could be read: {exception.Message}", exception);
        }
    }

    private static IModelInstance Open(IModelRuntime runtime, ModelPackage package, string device, long? room) =>
        ReshapedInstance.Wrap(RaggedInstance.Wrap(runtime.Open(package, device, room), package.Settings), package.Settings);

    private static List<IModelInstance> OpenOthers(ModelPackage package, IModelRuntime runtime, IModelInstance first, long? room)
    {
        var others = new List<IModelInstance>();
        try
        {
            for (var count = 1; count < (package.Settings.Instances ?? first.BesideMax); count++)
            {
                others.Add(first.TryShare() ?? Open(runtime, package, first.Device, room));
            }

            return others;
        }
        catch
        {
            others.ForEach(static other => other.Dispose());
            throw;
        }
    }

    /// <returns><see langword="null"/> when the manifest names no feature service.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>.</exception>
    private async ValueTask<FeatureServicePlan?> FindPlanAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.FeatureService is not { } reference)
        {
            return null;
        }

        var plan = await services.FindAsync(reference.Project, reference.Name, reference.Fingerprint, cancellationToken).ConfigureAwait(false)
            ?? throw new ServingException(
                ServingError.ModelRefused,
                $"The model '{manifest.Name}' reads the feature service '{reference.Name}' of project '{reference.Project}', which is not defined. Apply its definitions first.");
        return plan.Service.Fingerprint == reference.Fingerprint
            ? plan
            : throw new ServingException(
                ServingError.ModelRefused,
                $"The model '{manifest.Name}' was trained on the feature service '{reference.Name}' with fingerprint {Shorten(reference.Fingerprint)}, and its definition now has {Shorten(plan.Service.Fingerprint)}: "
                + "the features would not be those it learned from. Apply the definitions it was trained with, or train it again.");
    }

    private static async Task<IReadOnlyList<GoldenSample>> ReadGoldenAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        try
        {
            return await GoldenSamples.ReadAsync(package, cancellationToken).ConfigureAwait(false);
        }
        catch (RegistryException exception)
        {
            throw new ServingException(
                exception.Error == RegistryError.CorruptArtifact ? ServingError.CorruptPackage : ServingError.ModelRefused, exception.Message, exception);
        }
    }

    private static string Shorten(string fingerprint) => fingerprint.Length > 12 ? fingerprint[..12] : fingerprint;
}
