namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>The bytes after the JSON of a request, handed out input by input.</summary>
internal sealed class BinaryTensors(string model, ReadOnlyMemory<byte> data)
{
    private int _taken;

    /// <exception cref="TensorFormatException">There are fewer bytes left.</exception>
    public ReadOnlyMemory<byte> Take(string tensor, long bytes)
    {
        var left = data.Length - _taken;
        if (bytes > left)
        {
            throw new TensorFormatException(
                data.IsEmpty
                    ? $"must specify valid 'Inference-Header-Content-Length' in request header and 'binary_data_size' when passing inputs in binary data format: input '{tensor}' for model '{model}' expects {bytes} bytes after the JSON, and there are none"
                    : $"unexpected size for input '{tensor}', expecting {bytes - left} additional bytes for model '{model}'");
        }

        _taken += (int)bytes;
        return data.Slice(_taken - (int)bytes, (int)bytes);
    }

    /// <exception cref="TensorFormatException">Bytes are left that belong to no input.</exception>
    public void CheckAllTaken()
    {
        if (_taken < data.Length)
        {
            throw new TensorFormatException($"unexpected additional input data for model '{model}': {data.Length - _taken} bytes after the last input");
        }
    }
}
