using Grpc.Core;
using Inference;
using LogSetting = Inference.LogSettingsRequest.Types.SettingValue;

namespace ZeroWorld.ML.Hosting;

/// <content>The calls that Triton's clients know beyond the six of the protocol.</content>
internal sealed partial class InferenceGrpcService
{
    private static readonly Task<CudaSharedMemoryUnregisterResponse> CudaUnregistered = Task.FromResult(new CudaSharedMemoryUnregisterResponse());

    public override Task ModelStreamInfer(
        IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream, ServerCallContext context) =>
        stream.RunAsync(requestStream, responseStream, context);

    public override async Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) => new()
    {
        Config = ModelMessages.ToConfig(await extensions.Models.GetConfigurationAsync(request.Name, request.Version, context.CancellationToken).ConfigureAwait(false)),
    };

    public override Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context)
    {
        var response = new ModelStatisticsResponse();
        response.ModelStats.AddRange(extensions.Models.GetStatistics(request.Name, request.Version).Select(ModelMessages.ToStatistics));
        return Task.FromResult(response);
    }

    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) =>
        extensions.Repository.GetIndexAsync(request.RepositoryName, request.Ready, context.CancellationToken);

    public override async Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context)
    {
        await extensions.Repository.LoadAsync(request.RepositoryName, request.ModelName, request.Parameters.AsReadOnly(), context.CancellationToken).ConfigureAwait(false);
        return new RepositoryModelLoadResponse();
    }

    public override async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        await extensions.Repository.UnloadAsync(request.RepositoryName, request.ModelName, request.Parameters.AsReadOnly(), context.CancellationToken).ConfigureAwait(false);
        return new RepositoryModelUnloadResponse();
    }

    public override Task<SystemSharedMemoryStatusResponse> SystemSharedMemoryStatus(SystemSharedMemoryStatusRequest request, ServerCallContext context)
    {
        var response = new SystemSharedMemoryStatusResponse();
        foreach (var region in extensions.SharedMemory.List(request.Name))
        {
            response.Regions[region.Name] = new SystemSharedMemoryStatusResponse.Types.RegionStatus
            {
                Name = region.Name, Key = region.Key, Offset = (ulong)region.Offset, ByteSize = (ulong)region.ByteSize,
            };
        }

        return Task.FromResult(response);
    }

    public override Task<SystemSharedMemoryRegisterResponse> SystemSharedMemoryRegister(SystemSharedMemoryRegisterRequest request, ServerCallContext context)
    {
        extensions.SharedMemory.Register(request.Name, request.Key, request.Offset, request.ByteSize);
        return Task.FromResult(new SystemSharedMemoryRegisterResponse());
    }

    public override Task<SystemSharedMemoryUnregisterResponse> SystemSharedMemoryUnregister(SystemSharedMemoryUnregisterRequest request, ServerCallContext context)
    {
        extensions.SharedMemory.Unregister(request.Name);
        return Task.FromResult(new SystemSharedMemoryUnregisterResponse());
    }

    public override Task<CudaSharedMemoryStatusResponse> CudaSharedMemoryStatus(CudaSharedMemoryStatusRequest request, ServerCallContext context) => request.Name.Length == 0
        ? Task.FromResult(new CudaSharedMemoryStatusResponse())
        : throw CudaSharedMemory.NotFound(request.Name);

    public override Task<CudaSharedMemoryRegisterResponse> CudaSharedMemoryRegister(CudaSharedMemoryRegisterRequest request, ServerCallContext context) =>
        throw CudaSharedMemory.NotSupported(request.Name);

    /// <summary>Clients clear what an earlier run of theirs may have left before they start: there is nothing, and so nothing to do.</summary>
    public override Task<CudaSharedMemoryUnregisterResponse> CudaSharedMemoryUnregister(CudaSharedMemoryUnregisterRequest request, ServerCallContext context) => CudaUnregistered;

    public override Task<TraceSettingResponse> TraceSetting(TraceSettingRequest request, ServerCallContext context)
    {
        extensions.Traces.Change(request.ModelName, request.Settings.Select(static setting => new KeyValuePair<string, IReadOnlyList<string>>(setting.Key, setting.Value.Value)));
        var response = new TraceSettingResponse();
        foreach (var (name, value) in extensions.Traces.Read(request.ModelName))
        {
            response.Settings[name] = new TraceSettingResponse.Types.SettingValue { Value = { value } };
        }

        return Task.FromResult(response);
    }

    public override Task<LogSettingsResponse> LogSettings(LogSettingsRequest request, ServerCallContext context)
    {
        extensions.Logs.Change(request.Settings.Select(static setting => new KeyValuePair<string, object>(setting.Key, ToValue(setting.Value))));
        var response = new LogSettingsResponse();
        foreach (var (name, value) in extensions.Logs.Read())
        {
            response.Settings[name] = value switch
            {
                bool flag => new LogSettingsResponse.Types.SettingValue { BoolParam = flag },
                uint number => new LogSettingsResponse.Types.SettingValue { Uint32Param = number },
                _ => new LogSettingsResponse.Types.SettingValue { StringParam = (string)value },
            };
        }

        return Task.FromResult(response);
    }

    private static object ToValue(LogSetting setting) => setting.ParameterChoiceCase switch
    {
        LogSetting.ParameterChoiceOneofCase.BoolParam => setting.BoolParam,
        LogSetting.ParameterChoiceOneofCase.Uint32Param => setting.Uint32Param,
        _ => setting.StringParam,
    };
}
