# cmd/oktactl/doctor_discovery.c
# any device endpoint will do
s/!okta_view_eq_str(device, at->device)/device.len == 0/
